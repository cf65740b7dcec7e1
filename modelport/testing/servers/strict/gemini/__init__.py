"""The rules of Gemini's generateContent."""
