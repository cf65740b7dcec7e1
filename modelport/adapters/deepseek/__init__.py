"""DeepSeek: Chat Completions with thinking."""
