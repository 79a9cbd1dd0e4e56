"""Prize draws: what can be won, how it is decided, and how anybody can check that."""
