"""Embedding caches: files of a folder, or a table of a database."""
