"""What each kind of data has to say: its columns, and what must hold of a row.

A file whose headings carry these names needs no map. The names are those of the data contracts
that the models read, and of the practice company's own files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crmlab.errors import IntakeError
from crmlab.text import gettext as _

Type = Literal["text", "number", "whole", "moment", "day"]


@dataclass(frozen=True)
class Column:
    """One column of a kind of data.

    Attributes:
        required: each row has to say something here.
        low: the least number that makes sense.
        choices: the only texts that make sense; none if any text does.
        personal: it names or reaches a person, so a pseudonym stands for it.
        known_as: other headings that it is often found under, in English and Chinese.
        words_of: the procedure and the field of it whose words are meant. Others are taken too, for
            a company has its own, and said to be others.
    """

    name: str
    type: Type = "text"
    required: bool = False
    low: float | None = None
    choices: tuple[str, ...] = ()
    personal: Literal["name", "phone", "mail", "address"] | None = None
    known_as: tuple[str, ...] = ()
    words_of: tuple[str, str] | None = None


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


_CUSTOMER = Column("customer_id", known_as=("customer", "client", "account", "客户编号", "客户"))
_PRODUCT = Column("product_id", known_as=("product", "item", "sku", "产品编号", "料号"))
_OWNER = Column("owner", personal="name", known_as=("sales rep", "salesperson", "业务员", "负责人"))
_CURRENCY = Column("currency", known_as=("ccy", "币种"))
_AMOUNT = Column("amount", "number", low=0, known_as=("value", "total", "revenue", "金额"))
_LINE = Column("line_id", known_as=("line no", "order line", "行号"))
_INVOICE = Column("invoice_id", required=True, known_as=("invoice", "invoice no", "发票号"))


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
                Column("cost", "number", low=0, known_as=("unit cost", "成本")),
                Column("list_price", "number", low=0, known_as=("price", "单价")),
                Column("description", known_as=("text", "描述")),
            ),
            key=("product_id",),
        ),
        Kind(
            "opportunities",
            "an opportunity",
            (
                Column("opportunity_id", required=True, known_as=("deal", "lead", "商机编号")),
                _OWNER,
                _CUSTOMER,
                _PRODUCT,
                Column("stage", required=True, known_as=("phase", "阶段")),
                Column("created_at", "moment", True, known_as=("created", "opened", "创建时间")),
                Column("closed_at", "moment", known_as=("closed", "close date", "关闭时间")),
                _AMOUNT,
                _CURRENCY,
                Column(
                    "outcome",
                    required=True,
                    choices=("won", "lost", "open"),
                    known_as=("status", "result", "结果", "状态"),
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
                Column("opportunity_id", required=True, known_as=("deal", "lead", "商机编号")),
                Column("stage", required=True, known_as=("phase", "阶段")),
                Column("entered_at", "moment", True, known_as=("entered", "date", "进入时间")),
                _OWNER,
                _AMOUNT,
                _CURRENCY,
            ),
        ),
        Kind(
            "orders",
            "an order's line",
            (
                Column("order_id", required=True, known_as=("order", "order no", "订单号")),
                _must(_CUSTOMER),
                _PRODUCT,
                Column("ordered_at", "moment", True, known_as=("date", "order date", "下单日期")),
                Column("shipped_at", "moment", known_as=("shipped", "ship date", "发货日期")),
                Column("quantity", "number", low=0, known_as=("qty", "pieces", "数量")),
                Column("unit_price", "number", low=0, known_as=("price", "单价")),
                _AMOUNT,
                Column("batch_no", known_as=("batch", "lot", "批号")),
            ),
            order=(("ordered_at", "shipped_at"),),
        ),
        Kind(
            "transactions",
            "a purchase",
            (
                _must(_CUSTOMER),
                Column("date", "day", True, known_as=("ordered_at", "purchase date", "日期")),
                Column("order_id", known_as=("order", "order no", "订单号")),
                _LINE,
                _PRODUCT,
                _must(_AMOUNT),
                Column("cost", "number", low=0, known_as=("cogs", "成本")),
                Column("discount", "number", low=0, known_as=("rebate", "折扣")),
                Column("service_cost", "number", low=0, known_as=("service", "服务成本")),
                _CURRENCY,
            ),
            # Lines are numbered through, or anew within each order.
            key=("line_id", "order_id"),
        ),
        Kind(
            "complaints",
            "a complaint",
            (
                Column("complaint_id", required=True, known_as=("complaint", "case", "投诉编号")),
                _CUSTOMER,
                _LINE,
                _PRODUCT,
                Column("batch_no", known_as=("batch", "lot", "批号")),
                Column(
                    "category",
                    known_as=("type", "reason", "投诉类别"),
                    words_of=("complaint", "register.category"),
                ),
                Column(
                    "severity",
                    known_as=("priority", "严重程度"),
                    words_of=("complaint", "assess.severity"),
                ),
                Column("received_at", "moment", True, known_as=("received", "date", "投诉日期")),
                Column("shipped_at", "moment", known_as=("shipped", "ship date", "发货日期")),
                Column("closed_at", "moment", known_as=("closed", "关闭日期")),
                Column("remedy_cost", "number", low=0, known_as=("cost of remedy", "处理费用")),
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
                Column("amount", "number", True, known_as=("total", "invoice amount", "金额")),
                _CURRENCY,
                Column("invoiced_at", "moment", True, known_as=("invoice date", "开票日期")),
                Column("settled_at", "moment", known_as=("settled", "paid in full", "结清日期")),
            ),
            key=("invoice_id",),
        ),
        Kind(
            "payments",
            "a payment of an invoice, or of a part of it",
            (
                Column("payment_id", known_as=("payment", "payment no", "收款编号")),
                _INVOICE,
                _must(_AMOUNT),
                _CURRENCY,
                Column("paid_at", "moment", True, known_as=("paid", "payment date", "收款日期")),
            ),
        ),
        Kind(
            "contacts",
            "a contact with a customer",
            (
                _must(_CUSTOMER),
                Column("at", "moment", known_as=("contacted", "contact date", "联系日期")),
                Column("channel", known_as=("contact type", "渠道", "联系方式")),
            ),
        ),
        Kind(
            "books",
            "a month's total in the books",
            (
                Column("period", required=True, known_as=("month", "期间", "月份")),
                Column("amount", "number", True, known_as=("total", "turnover", "revenue", "金额")),
                _CURRENCY,
            ),
        ),
        Kind(
            "exposure",
            "what left the house in a period",
            (
                Column("period", required=True, known_as=("month", "week", "期间", "月份")),
                Column("units", "number", True, low=0, known_as=("pieces", "quantity", "数量")),
                _PRODUCT,
                Column("orders", "number", low=0, known_as=("order count", "订单数")),
                Column("customers", "number", low=0, known_as=("customer count", "客户数")),
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
