"""Realtime models: settings, events, what was heard, and the conversation. Pure."""
