"""What HTTP and WebSocket transports share: TLS settings, the mapping of errors, the system clock."""
