"""HTTP and WebSocket transports: each an adapter of the one port."""
