"""Model cards in YAML files."""
