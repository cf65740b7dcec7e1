"""Rules of structured output: the choice of strategies, JSON text of models, and the adaptation of JSON Schemas."""
