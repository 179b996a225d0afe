"""What `crmlab analyse contribution` is given of costs beside the lines of sales."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmlab.cli.analysing.rows import Rows
from crmlab.errors import CrmlabError
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd

    from crmlab.models.contribution.costs import Rates

GOES_WITH = {
    "payments": "invoices",
    "interest": "invoices",
    "contact_price": "contacts",
    "remedies_in_service": "complaints",
}
"""Options that say nothing without another one."""

ANY = ""
"""The channel of a price that holds for each of them."""


@dataclass(frozen=True)
class Costs:
    """Records and rates.

    Attributes:
        complaints, invoices, payments, contacts: up to the last day that counts; None where they
            were not given.
        rates: what money and contacts cost.
        credit_notes: how many invoices are below zero, and so no money that stands out.
    """

    complaints: pd.DataFrame | None
    invoices: pd.DataFrame | None
    payments: pd.DataFrame | None
    contacts: pd.DataFrame | None
    rates: Rates
    credit_notes: int

    @classmethod
    def of(
        cls,
        rows: Rows,
        *,
        as_of: Any,
        complaints: Path | None,
        invoices: Path | None,
        payments: Path | None,
        contacts: Path | None,
        interest: float | None,
        contact_price: list[str] | None,
        remedies_in_service: bool | None,
    ) -> Costs:
        """Read what was given.

        Raises:
            CrmlabError: a file cannot be read, a rate makes no sense, or an option says nothing
                without another one.
        """
        from crmlab.models.contribution.costs import Rates

        _go_together(
            {
                "complaints": complaints,
                "invoices": invoices,
                "payments": payments,
                "contacts": contacts,
                "interest": interest,
                "contact_price": contact_price,
                "remedies_in_service": remedies_in_service,
            }
        )
        share = _interest(Rates().interest if interest is None else interest)
        said = _prices(contact_price or [])

        def read(path: Path | None, kind: str, day: str) -> pd.DataFrame | None:
            return None if path is None else _up_to(rows.beside(path, kind), day, as_of)

        bills, credit_notes = read(invoices, "invoices", "invoiced_at"), 0
        if bills is not None:
            credit_notes = int((bills["amount"] < 0).sum())
            bills = bills[bills["amount"] >= 0]
        touched, prices = None, dict[str, float]()
        if contacts is not None:
            touched = _with_channel(rows.beside(contacts, "contacts"))
            prices = _of_each_channel(said, touched["channel"], contacts.name)
            touched = _up_to(touched, "at", as_of)
        until = None if as_of is None else _end_of(as_of)
        return cls(
            read(complaints, "complaints", "received_at"),
            bills,
            read(payments, "payments", "paid_at"),
            touched,
            Rates(share, prices, bool(remedies_in_service), until),
            credit_notes,
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """The records, as the model takes them."""
        named = {
            "complaints": self.complaints,
            "invoices": self.invoices,
            "payments": self.payments,
            "interactions": self.contacts,
        }
        return {name: frame for name, frame in named.items() if frame is not None}

    def of_customers(self) -> dict[str, pd.DataFrame]:
        """Those of the records that name customers, by the option that gave them."""
        named = {
            "complaints": self.complaints,
            "invoices": self.invoices,
            "contacts": self.contacts,
        }
        return {name: frame for name, frame in named.items() if frame is not None}

    def unknown(self, lines: pd.DataFrame) -> list[str]:
        """The parts of a contribution of which nobody has said anything."""
        said = {
            "complaint_cost": self.complaints is not None,
            "service_cost": "service_cost" in lines and lines["service_cost"].notna().any(),
            "effort": self.contacts is not None,
            "credit_cost": self.invoices is not None,
            "discount": "discount" in lines and lines["discount"].notna().any(),
        }
        return [name for name, known in said.items() if not known]

    def rates_told(self) -> dict[str, Any]:
        """The rates that were reckoned with; None where there was nothing to reckon."""
        return {
            "interest": None if self.invoices is None else self.rates.interest,
            "contact_price": None if self.contacts is None else dict(self.rates.contact),
            "remedies_in_service": None
            if self.complaints is None
            else self.rates.remedies_in_service,
        }

    def remarks(self, lines: pd.DataFrame, aside: float) -> list[str]:
        """A sentence for each thing that the figures do not know."""
        words = {
            "complaint_cost": _("complaints (--complaints)"),
            "service_cost": _("service (a column service_cost)"),
            "effort": _("contacts (--contacts)"),
            "credit_cost": _("credit (--invoices)"),
            "discount": _("discounts (a column discount)"),
        }
        unknown = [words[name] for name in self.unknown(lines)]
        found = []
        if unknown:
            found.append(
                _("Nobody has said anything of {parts}, so they are not in these figures.").format(
                    parts=", ".join(unknown)
                )
            )
        if self.invoices is not None:
            found.append(
                _("Money that stands out costs {interest:.1%} a year.").format(
                    interest=self.rates.interest
                )
            )
        if (
            self.complaints is not None
            and "service_cost" not in self.unknown(lines)
            and not self.rates.remedies_in_service
        ):
            found.append(
                _(
                    "Remedies are taken off beside the service cost; if that has them in it "
                    "already, say so with --remedies-in-service."
                )
            )
        silent = 0 if self.complaints is None else int(self.complaints["remedy_cost"].isna().sum())
        if silent:
            found.append(
                ngettext(
                    "{n:,} complaint does not say what its remedy cost, and counts nothing.",
                    "{n:,} complaints do not say what their remedy cost, and count nothing.",
                    silent,
                ).format(n=silent)
            )
        return [*found, *self._unmatched(), *self._without_price(), *_said_aside(aside)]

    def _unmatched(self) -> list[str]:
        """On payments of no invoice, and on invoices that are none."""
        found = []
        if self.credit_notes:
            found.append(
                ngettext(
                    "{n:,} invoice is a credit note: no money stands out by it, and it is left "
                    "out of credit.",
                    "{n:,} invoices are credit notes: no money stands out by them, and they are "
                    "left out of credit.",
                    self.credit_notes,
                ).format(n=self.credit_notes)
            )
        if self.invoices is None or self.payments is None:
            return found
        strange = int((~self.payments["invoice_id"].isin(self.invoices["invoice_id"])).sum())
        if strange:
            found.append(
                ngettext(
                    "{n:,} of {all:,} payments is of no invoice in the file, and counts nothing.",
                    "{n:,} of {all:,} payments are of no invoice in the file, and count nothing.",
                    strange,
                ).format(n=strange, all=len(self.payments))
            )
        return found

    def _without_price(self) -> list[str]:
        """On contacts by a channel that has no price."""
        if self.contacts is None:
            return []
        others = self.contacts.loc[~self.contacts["channel"].isin(self.rates.contact), "channel"]
        if others.empty:
            return []
        named = ", ".join(str(name) or _("no channel") for name in others.unique())
        return [
            ngettext(
                "{n:,} contact has no price and counts nothing ({channels}).",
                "{n:,} contacts have no price and count nothing ({channels}).",
                len(others),
            ).format(n=len(others), channels=named)
        ]


def _go_together(given: dict[str, Any]) -> None:
    """Refuse options that say nothing without another one."""
    for option, other in GOES_WITH.items():
        if given[option] is not None and given[other] is None:
            raise CrmlabError(
                _("--{option} says nothing without --{other} FILE; give that too.").format(
                    option=option.replace("_", "-"), other=other
                )
            )
    if given["contacts"] is not None and given["contact_price"] is None:
        raise CrmlabError(
            _(
                "Contacts cost what somebody says they do; give --contact-price PRICE, or one for "
                "each channel, --contact-price CHANNEL=PRICE."
            )
        )


def _interest(share: float) -> float:
    if not 0 <= share <= 1:
        raise CrmlabError(
            _(
                "An interest of {interest:g} makes no sense; it is a share for a year, from 0 to "
                "1, such as 0.06 for six per cent."
            ).format(interest=share)
        )
    return share


def _of_each_channel(said: dict[str, float], channels: pd.Series, file: str) -> dict[str, float]:
    """The price of a contact by each channel that there is, where it has one.

    Raises:
        CrmlabError: a price is for a channel that no contact is by.
    """
    known = [str(name) for name in channels.unique()]
    strange = next((name for name in said if name not in (ANY, *known)), None)
    if strange is not None:
        raise CrmlabError(
            _("No contact in {file} is by '{channel}'; there are: {known}.").format(
                file=file, channel=strange, known=", ".join(filter(None, known)) or _("no channels")
            )
        )
    return {
        name: said.get(name, said.get(ANY, 0.0)) for name in known if name in said or ANY in said
    }


def _said_aside(aside: float) -> list[str]:
    if not aside:
        return []
    return [
        _(
            "Of these costs {sum:,.2f} belong to customers who have bought nothing in this file, "
            "or nothing with a cost; they are in no figure."
        ).format(sum=aside)
    ]


def _prices(said: list[str]) -> dict[str, float]:
    """Prices of contacts by channel, from `visit=300` and `20`."""
    found = {}
    for one in said:
        channel, _equals, price = one.rpartition("=")
        try:
            found[channel.strip()] = sum_ = float(price)
        except ValueError:
            sum_ = math.nan
        if not 0 <= sum_ < math.inf:
            raise CrmlabError(
                _("'{said}' is no price of a contact; write it like 20, or like visit=300.").format(
                    said=one
                )
            )
    return found


def _with_channel(contacts: pd.DataFrame) -> pd.DataFrame:
    """With a channel for each contact; without one, the price of all holds."""
    told = contacts["channel"].fillna(ANY) if "channel" in contacts else ANY
    return contacts.assign(channel=told)


def _up_to(frame: pd.DataFrame, day: str, as_of: Any) -> pd.DataFrame:
    """The rows up to a day; a row that names no day counts."""
    if as_of is None or day not in frame:
        return frame
    return frame[~(frame[day] > _end_of(as_of))]


def _end_of(as_of: Any) -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(as_of).normalize() + pd.Timedelta(days=1, microseconds=-1)
