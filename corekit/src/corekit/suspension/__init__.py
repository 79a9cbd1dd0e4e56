"""Plugins that are not called until somebody says that they may be."""
