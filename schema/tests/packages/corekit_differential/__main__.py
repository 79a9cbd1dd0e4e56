"""``python -m corekit_differential NUMBER`` compares so many operations over the toy schema, up to a difference.

Exit codes: 0 no difference, 3 a difference; anything else is no verdict.
"""

from __future__ import annotations

import sys

import corekit_schema
from corekit_differential import toy
from corekit_differential.comparing import Comparison, Difference
from corekit_differential.operations import Operations

DIFFERENT = 3


def main(number: int) -> int:
    """Compare, and say of which package."""
    sys.stdout.write(f"{corekit_schema.__file__}\n")
    comparison = Comparison(toy.SCHEMA, toy.context)
    operations = Operations(toy.SCHEMA, 0, toy.value)
    for _ in range(number):
        try:
            comparison.compare(*operations.one())
        except Difference as difference:
            sys.stdout.write(f"{difference}\n")
            return DIFFERENT
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
