"""Chat models: the base classes, one call with its retries and its stream, and token counting."""
