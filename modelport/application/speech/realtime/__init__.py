"""Speech models over WebSockets, which take text while it is still being written."""
