"""Execution: an operation is planned once and then run level by level, over columns of values."""
