"""What a provider's codec implements, for each capability: requests to bytes, and bytes to domain values."""
