"""The model that needs no key: a small GGUF file and llama.cpp's own HTTP server inside this process."""
