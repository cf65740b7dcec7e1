"""Cases that hold for every kind of model: errors, retries, timeouts, cards, sockets."""
