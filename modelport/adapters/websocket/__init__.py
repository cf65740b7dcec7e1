"""The WebSocket connector over the `websockets` library."""
