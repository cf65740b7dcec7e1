"""Cassettes: recording and replay of HTTP and WebSocket traffic, the files, and the removal of keys (`redact`)."""
