"""Messages, their blocks and media, responses of chat models, and the events of an agent."""
