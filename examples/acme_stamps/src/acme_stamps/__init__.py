"""A stamp card: buy nine, the tenth is free.

Each purchase puts stamps on the member's card. They are value of an account kind of their own, so the kernel lets them
expire, explains and simulates them, and takes them back when a purchase comes back. A full card buys a free drink, of
which there are so many a day.
"""

__version__ = "1.0.0"
