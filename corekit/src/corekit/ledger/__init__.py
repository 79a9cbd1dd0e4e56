"""The ledger: accounts, postings, entries and lots; the hand-written SQL of settlement; the proof of the books."""
