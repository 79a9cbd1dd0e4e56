"""The proof of the books: every invariant as a search for rows that break it, on one snapshot, read only."""
