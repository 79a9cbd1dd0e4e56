"""Jobs: what is done at its time, to many members at once, by one runner at a time, with a history of its runs."""
