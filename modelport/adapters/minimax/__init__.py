"""MiniMax: Chat Completions with thinking in details of their own."""
