"""Stored value a second time, in plain Python."""
