"""DashScope (Alibaba Model Studio): chat, speech and embeddings."""
