"""The Live API: voice conversations with Gemini."""
