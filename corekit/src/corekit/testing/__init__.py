"""What tests of corekit and of plugins use: fixtures and the contract suite."""

__all__: list[str] = []
