"""A plugin that keeps rows of members, and does nothing else."""
