"""The terminal: where output goes, how an answer is shown, and standard streams that are closed."""
