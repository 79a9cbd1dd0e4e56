"""Stored value: members pay money in, get a bonus with it, spend both, and take their money out again.

Principal and bonus are two account kinds, so what may be paid out is exactly the principal. Limits, the bonus and the
order in which both are spent stand in the section ``[stored_value]`` of the program file; accounts, lots, holds and
reversal are the ledger's.
"""

from __future__ import annotations

__version__ = "0.1.0"
