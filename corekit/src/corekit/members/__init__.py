"""Members: who they are, which state of life they are in, and how they come in."""
