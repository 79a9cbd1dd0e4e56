"""The rules of the books a second time, in plain Python, and a machine that holds the kernel against them."""
