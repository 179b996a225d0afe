"""What a column of the practice CRM can be, as it is stored and as plain data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Dialect, Numeric, String, Table, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from crmlab.calendar import STANDARD


class Moment(TypeDecorator[datetime]):
    """A moment with a time zone, stored as ISO text in UTC: the same on every database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment in the CRM carries a time zone")
        return value.astimezone(UTC).isoformat(timespec="seconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Money(TypeDecorator[Decimal]):
    """An amount in CNY to the fen, stored as text where the database has no exact decimal."""

    impl = Numeric(14, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        exact = dialect.name != "sqlite"
        return dialect.type_descriptor(Numeric(14, 2) if exact else String(20))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        amount = Decimal(value).quantize(Decimal("0.01"))
        return str(amount) if dialect.name == "sqlite" else amount

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Base(DeclarativeBase):
    """Base of every table of the practice CRM."""


def plain(value: Any) -> Any:
    """A value as JSON can hold it; what it was is known from its column."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row of plain data (YAML or JSON) with the values that its columns take."""
    return {name: _typed(table.columns[name].type, value) for name, value in row.items()}


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Moment):
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return STANDARD.local(moment)
    if isinstance(kind, Money):
        return Decimal(str(value))
    if getattr(kind, "python_type", None) is date and not isinstance(value, date):
        return date.fromisoformat(str(value))
    return value
