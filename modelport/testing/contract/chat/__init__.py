"""The contract of chat models."""
