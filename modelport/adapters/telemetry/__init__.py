"""Observers of attempts and calls."""
