"""Chat Completions: the protocol of OpenAI and of everybody who imitates it."""
