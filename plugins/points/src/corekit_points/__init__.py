"""Points: currencies that members earn by rules, spend, and lose by expiry.

Currencies and rules stand in the section ``[points]`` of the program file. What an activity earns is a pure function of
rules, activity and facts; accounts, lots, expiry and reversal are the ledger's.
"""

from __future__ import annotations

__version__ = "0.1.0"
