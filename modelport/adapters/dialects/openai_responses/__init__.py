"""Responses: OpenAI's newer protocol, which a few other servers implement."""
