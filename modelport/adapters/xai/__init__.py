"""xAI (Grok): the Responses API."""
