"""The estimate of tokens against a real tokenizer, on a corpus of our own."""

from __future__ import annotations

import warnings
from pathlib import Path
from statistics import median

import pytest

from modelport.domain.chat.tokens import estimate_tokens

with warnings.catch_warnings():  # its way to open its own data is deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    import bpe_openai

    TOKENIZER = bpe_openai.get_encoding("o200k_base")

CORPUS = Path(__file__).parents[3] / "fixtures" / "token_corpus"


def snippets(kind: str) -> list[str]:
    return (CORPUS / f"{kind}.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n----\n")


@pytest.mark.parametrize("kind", ["english", "chinese", "json", "code"])
def test_the_median_error_is_within_a_quarter(kind: str) -> None:
    texts = snippets(kind)
    counts = [len(TOKENIZER.encode(text)) for text in texts]
    errors = [abs(estimate_tokens(text) - count) / count for text, count in zip(texts, counts, strict=True)]
    assert len(texts) >= 30 and max(counts) > 20 * min(counts), "snippets of varied length"
    assert median(errors) < 0.25, f"{kind}: {median(errors):.3f}"


@pytest.mark.parametrize(
    ("text", "least", "most"), [("", 0, 0), (" ", 1, 1), ("a" * 3000, 300, 3000), ("😀" * 10, 5, 20)]
)
def test_odd_texts(text: str, least: int, most: int) -> None:
    assert least <= estimate_tokens(text) <= most


@pytest.mark.parametrize(
    "text",
    ["Привет, как у тебя дела сегодня?", "こんにちは、お元気ですか。", "안녕하세요, 반갑습니다.", "مرحبا كيف حالك"],
)
def test_other_scripts_are_not_far_off(text: str) -> None:
    count = len(TOKENIZER.encode(text))
    assert 0.5 * count <= estimate_tokens(text) <= 2 * count


def test_the_cost_is_linear() -> None:
    """A pattern that looked ahead too far would hang here."""
    assert estimate_tokens("!" * 200_000) > 0
    assert estimate_tokens("a1!" * 100_000) > 0
