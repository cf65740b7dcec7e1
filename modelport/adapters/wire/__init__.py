"""Pure pieces that every provider's codec is made of."""
