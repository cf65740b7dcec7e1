"""The contract suite: what every adapter must do, as cases that run against its own cassettes. Imports no pytest."""
