"""Servers on loopback: scripted HTTP and WebSocket servers, cassettes as a server, and `strict` request checks."""
