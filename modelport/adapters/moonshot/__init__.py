"""Moonshot (Kimi): Chat Completions with fixed sampling."""
