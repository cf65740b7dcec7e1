"""What all contracts are made of: cases, how they are run and reported, and stand-ins for the network."""
