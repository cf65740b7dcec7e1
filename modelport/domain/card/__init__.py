"""Model cards: what a model can do, the form of its parameters, and the checks of values against both."""
