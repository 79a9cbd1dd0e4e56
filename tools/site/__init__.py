"""Builds the site of the documentation from the pages as they stand: `python -m tools.site [FOLDER]`."""
