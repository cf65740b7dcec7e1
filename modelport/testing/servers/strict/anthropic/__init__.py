"""The rules of Anthropic's Messages API."""
