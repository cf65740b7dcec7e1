"""Replays recorded voice conversations through the public API, and compares the outcome."""
