"""The commands, one a module: options and what they do; the work is in the modules above."""
