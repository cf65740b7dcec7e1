"""The rules of servers that implement the Responses API."""
