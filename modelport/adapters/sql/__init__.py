"""Database connections, which the SQL cache and the SQL rate limiter share."""
