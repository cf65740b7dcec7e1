"""Speech-to-text by `/audio/transcriptions`, which several providers copy: a form upload in, JSON or events out."""
