"""Structured output: one strategy after another, until an answer is a valid object. The caller makes the chat calls."""
