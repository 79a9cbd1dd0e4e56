"""A lineage with a fault."""
