"""What runs against the ports: the engine and the template classes that providers subclass."""
