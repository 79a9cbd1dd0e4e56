"""Removing a plugin for good: its value goes where it is told to, its rows into an archive, its tables away."""

from __future__ import annotations

from corekit.removal.removing import InUse, Removal, remove
from corekit.removal.survey import Holding, Survey, survey

__all__ = ["Holding", "InUse", "Removal", "Survey", "remove", "survey"]
