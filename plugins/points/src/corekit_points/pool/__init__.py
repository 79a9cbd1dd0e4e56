"""The pool of a family: what its members earn goes to one account, and comes from there within limits."""
