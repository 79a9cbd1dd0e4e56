"""A demo program that settles a real year of purchases."""
