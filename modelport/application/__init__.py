"""The engines, one folder for each capability, and the base classes that providers subclass."""
