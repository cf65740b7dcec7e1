"""Database connections, which the SQL cache, the store of conversations and the SQL rate limiter share."""
