"""The audit trail: who changed what, one row for each change by staff, a service or an operator."""
