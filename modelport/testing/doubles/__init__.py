"""Models without a provider, for the tests of applications."""
