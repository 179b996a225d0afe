"""What each kind of data has to say: its columns, and what must hold of a row.

A file whose headings carry these names needs no map. The names are those of the data contracts
that the models read, and of the practice company's own files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crmlab.errors import IntakeError
from crmlab.intake.headings import KNOWN
from crmlab.intake.numbers import CODES, SHARED, SIGNS
from crmlab.text import gettext as _

Type = Literal["text", "number", "whole", "moment", "day", "month"]


@dataclass(frozen=True)
class Column:
    """One column of a kind of data.

    Attributes:
        required: each row has to say something here.
        low: the least number that makes sense.
        choices: the only texts that make sense; none if any text does.
        words: for each choice, other words by which it is called.
        personal: it names or reaches a person, so a pseudonym stands for it.
        known_as: other headings that it is found under in this kind of data, beside those that
            its name has everywhere.
        words_of: the procedure and the field of it whose words are meant. Others are taken too, for
            a company has its own, and said to be others.
    """

    name: str
    type: Type = "text"
    required: bool = False
    low: float | None = None
    choices: tuple[str, ...] = ()
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    personal: Literal["name", "phone", "mail", "address"] | None = None
    known_as: tuple[str, ...] = ()
    words_of: tuple[str, str] | None = None

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings that it is known by."""
        return (self.name, *self.known_as, *KNOWN.get(self.name, ()))


@dataclass(frozen=True)
class Kind:
    """One kind of data.

    Attributes:
        about: what one row is.
        key: the columns that no two rows may share, as far as a file has them; none if rows may
            repeat. A row that says nothing in the first of them has no key.
        order: pairs of columns, of which the first comes no later than the second.
        not_yet: columns of what has not happened while another one says this. What stands there
            all the same, such as the expected close of an open opportunity, is a plan and left out.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    not_yet: tuple[tuple[str, str, str], ...] = ()

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def required(self) -> list[str]:
        return [column.name for column in self.columns if column.required]


_CUSTOMER = Column("customer_id")
_PRODUCT = Column("product_id")
_OWNER = Column("owner", personal="name")
_CURRENCY = Column(
    "currency",
    words=tuple(
        (code, tuple(sign for sign, of in SIGNS.items() if of == code and sign not in SHARED))
        for code in CODES
    ),
)
_AMOUNT = Column("amount", "number", low=0)
_LINE = Column("line_id")
_INVOICE = Column("invoice_id", required=True)

_OUTCOMES = (
    (
        "won",
        (
            "closed won", "win", "success", "successful", "gewonnen", "gewonnen abgeschlossen",
            "abgeschlossen gewonnen", "geschlossen gewonnen", "gagné", "gagnée", "ganado",
            "ganada", "vinto", "vinta", "赢单", "赢", "已赢单", "成交", "已成交", "赢得",
        ),
    ),
    (
        "lost",
        (
            "closed lost", "loss", "verloren", "abgeschlossen verloren", "geschlossen verloren",
            "verloren abgeschlossen", "perdu", "perdue", "perdido", "perdida", "perso", "persa",
            "输单", "输", "已输单", "丢单", "已丢单", "失单",
        ),
    ),
    (
        "open",
        (
            "in progress", "offen", "in Bearbeitung", "laufend", "ouvert", "en cours", "abierto",
            "abierta", "aperto", "aperta", "进行中", "进行", "跟进中", "未结束",
        ),
    ),
)  # fmt: skip
"""Words for how an opportunity has ended, of other languages and of other systems."""

_STAGE = Column("stage", required=True, words=_OUTCOMES[:2])
"""A stage is called as the company likes; one that says how it ended says it in our words."""


def _must(column: Column) -> Column:
    return Column(**{**vars(column), "required": True})


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "customers",
            "a customer",
            (
                _must(_CUSTOMER),
                Column(
                    "name",
                    required=True,
                    personal="name",
                    known_as=("company", "customer name", "客户名称", "公司"),
                ),
                Column("contact", personal="name", known_as=("contact person", "联系人")),
                Column("phone", personal="phone", known_as=("telephone", "mobile", "电话", "手机")),
                Column("email", personal="mail", known_as=("mail", "e-mail", "邮箱")),
                Column("address", personal="address", known_as=("street", "地址")),
                Column("city", known_as=("town", "城市")),
                Column("branch", known_as=("region", "office", "分公司", "区域")),
                Column("account_manager", personal="name", known_as=("owner", "客户经理")),
                Column("credit_limit", "number", low=0, known_as=("limit", "信用额度")),
                Column("payment_days", "whole", low=0, known_as=("payment terms", "账期")),
                _CURRENCY,
                Column(
                    "created_at", "moment", known_as=("created", "created_on", "since", "创建时间")
                ),
            ),
            key=("customer_id",),
        ),
        Kind(
            "products",
            "a product",
            (
                _must(_PRODUCT),
                Column("name", required=True, known_as=("product name", "产品名称", "品名")),
                Column("family", known_as=("category", "group", "系列", "类别")),
                Column("unit", known_as=("uom", "单位")),
                Column("cost", "number", low=0, known_as=("unit cost",)),
                Column("list_price", "number", low=0, known_as=("price", "单价")),
                Column("description", known_as=("text", "描述")),
            ),
            key=("product_id",),
        ),
        Kind(
            "opportunities",
            "an opportunity",
            (
                Column("opportunity_id", required=True),
                _OWNER,
                _CUSTOMER,
                _PRODUCT,
                _STAGE,
                Column("created_at", "moment", True),
                Column("closed_at", "moment"),
                _AMOUNT,
                _CURRENCY,
                Column(
                    "outcome",
                    required=True,
                    choices=("won", "lost", "open"),
                    words=_OUTCOMES,
                ),
            ),
            key=("opportunity_id",),
            order=(("created_at", "closed_at"),),
            not_yet=(("closed_at", "outcome", "open"),),
        ),
        Kind(
            "stages",
            "an opportunity's coming to a stage",
            (
                Column("opportunity_id", required=True),
                _STAGE,
                Column("entered_at", "moment", True, known_as=("date", "Datum", "日期")),
                _OWNER,
                _AMOUNT,
                _CURRENCY,
            ),
        ),
        Kind(
            "orders",
            "an order's line",
            (
                Column("order_id", required=True),
                _must(_CUSTOMER),
                _PRODUCT,
                Column("ordered_at", "moment", True),
                Column("shipped_at", "moment"),
                Column("quantity", "number", low=0),
                Column("unit_price", "number", low=0, known_as=("price", "单价")),
                _AMOUNT,
                Column("batch_no"),
            ),
            order=(("ordered_at", "shipped_at"),),
        ),
        Kind(
            "transactions",
            "a purchase",
            (
                _must(_CUSTOMER),
                Column("date", "day", True, known_as=("ordered_at",)),
                Column("order_id"),
                _LINE,
                _PRODUCT,
                _must(_AMOUNT),
                Column("cost", "number", low=0),
                Column("discount", "number", low=0),
                Column("service_cost", "number", low=0),
                _CURRENCY,
            ),
            # Lines are numbered through, or anew within each order.
            key=("line_id", "order_id"),
        ),
        Kind(
            "complaints",
            "a complaint",
            (
                Column("complaint_id", required=True),
                _CUSTOMER,
                _LINE,
                _PRODUCT,
                Column("batch_no"),
                Column(
                    "category",
                    words_of=("complaint", "register.category"),
                ),
                Column(
                    "severity",
                    words_of=("complaint", "assess.severity"),
                ),
                Column("received_at", "moment", True, known_as=("date", "Datum", "日期")),
                Column("shipped_at", "moment"),
                Column("closed_at", "moment"),
                Column("remedy_cost", "number", low=0),
                _CURRENCY,
            ),
            key=("complaint_id",),
            order=(("received_at", "closed_at"), ("shipped_at", "received_at")),
        ),
        Kind(
            "invoices",
            "an invoice",
            (
                _INVOICE,
                _must(_CUSTOMER),
                # A credit note is an invoice below zero: the books have some, credit costs do not.
                Column("amount", "number", True, known_as=("invoice amount",)),
                _CURRENCY,
                Column("invoiced_at", "moment", True),
                Column("settled_at", "moment"),
            ),
            key=("invoice_id",),
        ),
        Kind(
            "payments",
            "a payment of an invoice, or of a part of it",
            (
                Column("payment_id"),
                _INVOICE,
                _must(_AMOUNT),
                _CURRENCY,
                Column("paid_at", "moment", True),
            ),
        ),
        Kind(
            "contacts",
            "a contact with a customer",
            (
                _must(_CUSTOMER),
                Column("at", "moment"),
                Column("channel"),
            ),
        ),
        Kind(
            "books",
            "a month's total in the books",
            (
                Column("period", "month", True),
                Column("amount", "number", True),
                _CURRENCY,
            ),
        ),
        Kind(
            "exposure",
            "what left the house in a period",
            (
                Column("period", "month", True, known_as=("week",)),
                Column("units", "number", True, low=0),
                _PRODUCT,
                Column("orders", "number", low=0),
                Column("customers", "number", low=0),
            ),
        ),
        Kind(
            "events",
            "something that was done to a case",
            (
                Column("case_id", required=True, known_as=("case", "ticket", "案例编号")),
                Column("activity", required=True, known_as=("step", "task", "活动")),
                Column("timestamp", "moment", True, known_as=("time", "date", "时间")),
                Column("resource", known_as=("seat", "role", "岗位")),
                Column("lifecycle", known_as=("transition", "状态")),
            ),
        ),
    )
}


def kind_of(name: str) -> Kind:
    """The kind of this name.

    Raises:
        IntakeError: there is none.
    """
    if name not in KINDS:
        raise IntakeError(
            _("There is no kind of data '{name}'; there are: {known}.").format(
                name=name, known=", ".join(KINDS)
            )
        )
    return KINDS[name]
