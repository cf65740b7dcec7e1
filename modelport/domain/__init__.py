"""Values and pure rules: no I/O, no clock, no event loop, no randomness of their own."""
