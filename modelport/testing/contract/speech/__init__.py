"""The contract of speech models, over HTTP and over WebSockets."""
