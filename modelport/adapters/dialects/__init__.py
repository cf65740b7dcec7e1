"""Protocols that several providers speak, each provider of which is a profile: a value that holds its differences."""
