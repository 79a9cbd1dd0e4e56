"""Measures the kernel against other ways of doing the same, side by side: ``python -m bench [ID ...]``."""
