"""Voice conversations: the base class of their models, and the session with its turn-taking and reconnection."""
