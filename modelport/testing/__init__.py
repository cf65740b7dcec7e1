"""Tools for tests, ours and other people's: loopback servers, a clock to turn by hand, a guard against the network."""
