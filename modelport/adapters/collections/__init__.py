"""Collections of embedded texts, searched by similarity."""
