"""The cases of structured output, a part of the contract of chat models."""
