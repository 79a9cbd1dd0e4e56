"""Databases: engines, snapshots, migrations, and what protects the tables that only grow."""
