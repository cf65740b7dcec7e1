"""The contract of embedding models."""
