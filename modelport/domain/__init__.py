"""Values and pure rules: no I/O, clock, event loop or randomness."""
