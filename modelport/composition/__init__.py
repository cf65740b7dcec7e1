"""The one place that wires adapters to ports: settings, container, registry, defaults and the facade."""
