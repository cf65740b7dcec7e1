"""Implementations of the ports: one folder for each provider, transport, cache and file format."""
