"""The audit trail: who changed what, one row for each change by staff, a service or an operator."""

from __future__ import annotations

from corekit.audit.trail import leave

__all__ = ["leave"]
