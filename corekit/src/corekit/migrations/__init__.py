"""The migrations of the core, and the guards that they set up on tables that only grow."""
