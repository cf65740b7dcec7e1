"""Ollama's native API: chat and embeddings."""
