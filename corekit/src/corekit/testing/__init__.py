"""What tests of corekit and of plugins use: fixtures and the contract suite."""
