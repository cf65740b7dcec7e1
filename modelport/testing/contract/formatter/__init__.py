"""The contract of formatters."""
