"""The outside: provider protocols, transports, caches, card files. One folder each; providers share only dialects."""
