"""Agents: a chat model with a history and tools, and middleware around its replies."""
