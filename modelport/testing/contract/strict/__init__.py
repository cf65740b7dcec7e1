"""Generated conversations, and what a strict server says of the requests that they become."""
