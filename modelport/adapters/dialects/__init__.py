"""Protocols that several providers implement. What one of them does differently is data: its profile."""
