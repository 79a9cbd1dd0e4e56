"""Runs the fee in small chunks, under the clock at which tests begin, until somebody kills this process."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "packages"))

import corekit_fees as fees

from corekit import Kit, Settings
from corekit.testing.clock import SettableClock

kit = Kit(Settings.of(database=sys.argv[1]), clock=SettableClock(), modules={"fees": fees.plugin()})
kit.jobs.run("fees.yearly", chunk=2)
