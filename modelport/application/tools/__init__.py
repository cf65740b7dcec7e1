"""Tools for agents and chat models: Python functions as tools, and the validation of their arguments."""
