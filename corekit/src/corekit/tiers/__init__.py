"""Tiers: ladders, what qualifies for a step, and who stood where when."""
