"""Surveys: what members are asked, and what they answer.

A definition is as much of SurveyJS's JSON as is understood here, so that any frontend renders it as it is; answers
are judged as its library judges them.
"""

from __future__ import annotations

__version__ = "0.1.0"
