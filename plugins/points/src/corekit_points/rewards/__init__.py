"""Rewards: the catalogue, its stock, what members redeem, and paying with points."""
