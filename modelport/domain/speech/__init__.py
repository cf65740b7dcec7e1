"""Values and rules of speech: responses, audio in pieces, and the splitting of text."""
