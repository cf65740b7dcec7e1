"""Rules of chat: folding deltas into a response, turns, tools, histories, names, token estimates."""
