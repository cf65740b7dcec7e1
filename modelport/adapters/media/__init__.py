"""Loading media that an API cannot fetch itself."""
