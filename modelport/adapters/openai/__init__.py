"""OpenAI: Chat Completions, Responses and embeddings."""
