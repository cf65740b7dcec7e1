"""One row a class: how its model is built and what its server sends, for the tests that hold for all of them."""

from __future__ import annotations

from tests.contract.samples.chat_completions import DASHSCOPE, DEEPSEEK, MOONSHOT, OPENAI
from tests.contract.samples.others import ANTHROPIC, GEMINI, OLLAMA
from tests.contract.samples.responses import OPENAI_RESPONSES, XAI
from tests.contract.samples.sample import Sample, question

__all__ = [
    "ANTHROPIC",
    "DASHSCOPE",
    "DEEPSEEK",
    "GEMINI",
    "MOONSHOT",
    "OLLAMA",
    "OPENAI",
    "OPENAI_RESPONSES",
    "SAMPLES",
    "XAI",
    "Sample",
    "question",
]

SAMPLES = (OPENAI, OPENAI_RESPONSES, ANTHROPIC, GEMINI, DASHSCOPE, DEEPSEEK, MOONSHOT, XAI, OLLAMA)
