"""The tables of the practice CRM.

Money is decimal; every moment carries a time zone (kept as UTC). Keys are the codes people
read aloud (`CU-007`, `SO-20871-2`, `B-2230`), because that is what a slip of the pen changes.
"""

from crmlab.crm.tables.base import (
    Batch,
    Customer,
    CustomerCode,
    Price,
    PriceList,
    Product,
    Proposal,
    Review,
    User,
    UserSeat,
)
from crmlab.crm.tables.order_sums import ORDER_SUMS, SUMMED
from crmlab.crm.tables.sales import (
    Approval,
    CreditCheck,
    Invoice,
    Opportunity,
    Order,
    OrderLine,
    Payment,
    Quote,
    QuoteLine,
    Shipment,
    ShipmentLine,
    StageEntry,
)
from crmlab.crm.tables.service import CaseRow, Complaint, Counter, Event, Interaction
from crmlab.crm.tables.trail import HEAD, Audit, AuditHead, AuditRow
from crmlab.crm.tables.types import Base, Moment, Money

__all__ = [
    "HEAD",
    "ORDER_SUMS",
    "SUMMED",
    "Approval",
    "Audit",
    "AuditHead",
    "AuditRow",
    "Base",
    "Batch",
    "CaseRow",
    "Complaint",
    "Counter",
    "CreditCheck",
    "Customer",
    "CustomerCode",
    "Event",
    "Interaction",
    "Invoice",
    "Moment",
    "Money",
    "Opportunity",
    "Order",
    "OrderLine",
    "Payment",
    "Price",
    "PriceList",
    "Product",
    "Proposal",
    "Quote",
    "QuoteLine",
    "Review",
    "Shipment",
    "ShipmentLine",
    "StageEntry",
    "User",
    "UserSeat",
]
