"""Every provider as the origin and the target of conversations that wander."""

from __future__ import annotations

from tests.contract.origins.chat_completions import DASHSCOPE, DEEPSEEK, MOONSHOT, OPENAI
from tests.contract.origins.origin import STEPS, Origin, Said
from tests.contract.origins.others import ANTHROPIC, GEMINI, OLLAMA
from tests.contract.origins.responses import OPENAI_RESPONSES, XAI

__all__ = ["ORIGINS", "STEPS", "Origin", "Said"]

ORIGINS = (OPENAI, OPENAI_RESPONSES, ANTHROPIC, GEMINI, DASHSCOPE, DEEPSEEK, MOONSHOT, XAI, OLLAMA)
