"""The one layer that chooses adapters for ports: settings, providers, the container, default runtime and hub."""
