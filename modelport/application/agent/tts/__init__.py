"""The middleware that speaks an agent's reply while it is written."""
