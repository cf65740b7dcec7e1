"""The layer that chooses adapters for ports: settings, providers, the container, the default runtime and the hub."""
