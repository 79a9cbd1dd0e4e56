"""Activities: what happens to members, and the one path on which it is settled."""
