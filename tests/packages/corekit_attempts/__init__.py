"""Asks a whole schema for what is not for who asks: people, what is known of them, and every way to try."""
