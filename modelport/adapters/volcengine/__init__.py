"""Volcengine Ark and BytePlus ModelArk: Chat Completions with thinking."""
