"""Column types that mean the same on SQLite (where tables are STRICT) and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import JSON, JSONB, UUID
from sqlalchemy.types import TypeDecorator, TypeEngine

from corekit.clock import moment

__all__ = ["Amount", "Flag", "Id", "Instant", "Json", "Kept", "Moment", "Whole"]


class Id(TypeDecorator[str]):
    """An identifier: 32 hexadecimal digits in Python, ``uuid`` on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the native type where there is one."""
        return dialect.type_descriptor(UUID(as_uuid=False) if dialect.name == "postgresql" else Text())

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - its signature
        """Drop the hyphens that PostgreSQL writes."""
        return value.replace("-", "") if value is not None else None


class Json(TypeDecorator[Any]):
    """A document: ``jsonb`` on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the native type where there is one."""
        return dialect.type_descriptor(JSONB(none_as_null=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write the document as text where there is no native type."""
        return value if value is None or dialect.name == "postgresql" else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read the document back."""
        return value if value is None or dialect.name == "postgresql" else orjson.loads(value)


class Kept(Json):
    """A document that is kept and given back, and that no statement looks into: ``json`` on PostgreSQL."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the native type where there is one."""
        return dialect.type_descriptor(JSON(none_as_null=True) if dialect.name == "postgresql" else Text())


class Moment(TypeDecorator[datetime]):
    """An instant that is read as an aware datetime."""

    impl = BigInteger
    cache_ok = True

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Make the datetime."""
        return None if value is None else moment(value)


Whole = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit whole number."""

Instant = Whole
"""UTC microseconds since 1970 (:mod:`corekit.clock`)."""

Amount = Whole
"""A whole number of minor units."""

Flag = Boolean().with_variant(Integer(), "sqlite")
"""True or false (1 or 0 on SQLite)."""
