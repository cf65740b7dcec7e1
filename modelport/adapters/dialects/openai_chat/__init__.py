"""Chat Completions: OpenAI's protocol, which many other servers implement."""
