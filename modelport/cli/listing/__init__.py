"""What `modelport models` shows: the index of models, the table, and the form of one."""
