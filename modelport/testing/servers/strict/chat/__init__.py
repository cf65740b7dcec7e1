"""The rules of servers that implement Chat Completions."""
