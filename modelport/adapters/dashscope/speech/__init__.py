"""DashScope's speech: one service over HTTP, and three protocols over WebSockets."""
