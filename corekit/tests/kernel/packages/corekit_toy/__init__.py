"""A toy for tests of the kernel: value with and without lots, pieces of limited stock, follow-ons, and failures."""
