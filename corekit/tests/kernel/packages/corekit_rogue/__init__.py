"""A plugin that does what no plugin may, where a test tells it to."""
