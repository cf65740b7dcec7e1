"""Embedding models: the base classes, batches, the cache, and the engine of one call."""
