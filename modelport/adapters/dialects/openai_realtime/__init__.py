"""The realtime protocol of OpenAI, which others speak with differences that are data."""
