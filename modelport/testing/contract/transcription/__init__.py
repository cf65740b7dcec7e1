"""The contract of speech-to-text models over HTTP."""
