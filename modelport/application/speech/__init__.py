"""Speech models: the base classes, and one call over HTTP. `realtime` has models that take text while it is written."""
