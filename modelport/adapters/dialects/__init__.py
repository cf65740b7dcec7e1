"""Protocols that several providers speak, parameterised by data rows."""
