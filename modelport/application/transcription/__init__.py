"""Models that write down what is said: the base classes, one call over HTTP, and tasks that take a while."""
