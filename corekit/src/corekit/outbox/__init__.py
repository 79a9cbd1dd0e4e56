"""The outbox: tells plugins what has happened, after it was committed, at least once, in order per member."""
