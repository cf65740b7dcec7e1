"""Responses: OpenAI's newer protocol, which a few others speak too."""
