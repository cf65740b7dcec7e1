"""What the base classes of all models share: identity, credential, cards, parameters, formatter. No capability."""
