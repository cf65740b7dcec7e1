"""The contract of embedding caches."""
