"""What `modelport chat` does: questions, options, tools and schemas, answers, and the conversations that are kept."""
