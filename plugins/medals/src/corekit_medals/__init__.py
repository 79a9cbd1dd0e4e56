"""Medals: what members achieved, by criteria that the program writes down as data.

A criterion is judged when something is settled that can touch it, and the same criterion is one statement that finds
all who met it before. An award says since when it is held, by which definition, and why.
"""

from __future__ import annotations

__version__ = "0.1.0"
