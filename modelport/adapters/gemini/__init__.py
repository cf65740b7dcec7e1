"""Google Gemini: generateContent and embeddings."""
