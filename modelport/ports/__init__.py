"""Protocols for everything outside: HTTP, clock, cards, caches, codecs. Each states who closes what."""
