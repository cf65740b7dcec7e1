"""xAI (Grok)."""
