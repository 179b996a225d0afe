"""A record that is about to be written: what it will say, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from crmlab.crm.columns import day_of
from crmlab.crm.labels import label, spoken
from crmlab.crm.tables import Base
from crmlab.text import gettext as _
from crmlab.text import show_day

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Terms:
    """On what terms a record is written.

    Attributes:
        overdue_allowed: days for which an invoice may be overdue before the customer's orders stay
            here, as the house has it; None if none stays here for that.
        limits_shown: whether whoever writes may see a customer's credit limit, and so be told the
            sum in which it stands.
    """

    overdue_allowed: int | None = None
    limits_shown: bool = True


@dataclass
class Draft:
    """What the rules of a kind look at before a record is written, and may fill in.

    Attributes:
        key: the key of the record; empty as long as a new one has none.
        row: the record as it stands, or None if it is new.
        values: the columns to write, as their types want them.
        faults: a sentence for each column that cannot be so.
        before: what the record's columns said before, filled in when it is written.
        terms: of the house, and of the seat that writes.
        found: what the rules have asked for and the effects of writing want to know again.
        following: columns that say what another record says. Whoever leaves that one out is told
            of it, and not of them.
    """

    session: Session
    key: str
    row: Base | None
    values: dict[str, Any]
    faults: dict[str, str]
    terms: Terms = Terms()
    before: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    following: set[str] = field(default_factory=set)

    @property
    def is_new(self) -> bool:
        return self.row is None

    def will_be(self, column: str) -> Any:
        """What the column will say."""
        return self.values[column] if column in self.values else getattr(self.row, column, None)

    def changes(self, column: str) -> bool:
        """Whether a record that is there already would say something else than now."""
        return self.row is not None and self.will_be(column) != getattr(self.row, column)

    def refuse(self, column: str, sentence: str) -> None:
        """Speak against a column; the first sentence about it stands."""
        self.faults.setdefault(column, sentence)

    def derive(self, column: str, value: Any) -> None:
        """Fill in what nobody has said and what follows from the rest."""
        if self.will_be(column) is None and column not in self.faults:
            self.values[column] = value

    def named(self, table: type[Row], column: str) -> Row | None:
        """The record that a column names, if it is there."""
        key = self.will_be(column)
        return None if key is None else self.session.get(table, key)

    def must_be_positive(self, *columns: str) -> None:
        """Quantities and amounts of which there has to be some."""
        for column in columns:
            value = self.will_be(column)
            if value is not None and value <= 0:
                self.refuse(
                    column,
                    _("'{label}' is above zero, and {n} is not.").format(
                        label=label(column), n=_said(value)
                    ),
                )

    def must_not_be_negative(self, *columns: str) -> None:
        """Amounts of which there may be none, but not less."""
        for column in columns:
            value = self.will_be(column)
            if value is not None and value < 0:
                self.refuse(
                    column,
                    _("'{label}' is zero or more, and {n} is less.").format(
                        label=label(column), n=_said(value)
                    ),
                )

    def must_agree(self, column: str, value: Any, sentence: str) -> None:
        """A column that follows from another record: filled in, or refused if it says otherwise.

        `sentence` may name `{here}` and `{there}`.
        """
        self.derive(column, value)
        here = self.will_be(column)
        if here is not None and here != value:
            self.refuse(column, sentence.format(here=here, there=value))

    def follows(self, column: str, leader: Row | None, sentence: str) -> None:
        """A column that says what the same one of another record says, also when that is another
        one than before. `sentence` may name `{here}` and `{there}`."""
        self.following.add(column)
        if leader is None:
            return
        here, there = self.values.get(column), getattr(leader, column)
        self.values[column] = there
        if here not in (None, there):
            self.refuse(column, sentence.format(here=here, there=there))

    def must_not_come_before(self, column: str, earlier: Any, sentence: str) -> None:
        """A day that cannot lie before another one; `sentence` names `{here}` and `{there}`."""
        here = self.will_be(column)
        if here is None or earlier is None or day_of(here) >= day_of(earlier):
            return
        self.refuse(
            column,
            sentence.format(
                here=show_day(day_of(here).isoformat()), there=show_day(day_of(earlier).isoformat())
            ),
        )


def _said(value: Decimal | int) -> str:
    return spoken(value, "").strip() if isinstance(value, Decimal) else f"{value:,}"
