"""Speech by `/audio/speech`, which several providers copy: a text in, the bytes of a file or events out."""
