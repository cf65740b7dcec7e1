"""Rate limiters: in this process, or in a database that several machines share."""
