"""Values of speech-to-text: transcripts with their segments and words, and the audio that is given."""
