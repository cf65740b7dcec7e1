"""The words that servers use for errors, finish reasons, token counts and thoughts, and what they mean."""
