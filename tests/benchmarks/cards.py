"""What cards cost: ratios against a bare pass of PyYAML's C loader over the same files, in the same run."""

from __future__ import annotations

import builtins
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field

import modelport.adapters
from modelport.adapters.cards import card_file
from modelport.adapters.cards.yaml_source import YamlCardSource
from modelport.domain.card.cards import BaseCard, CardQuery, ModelCard
from modelport.domain.card.embedding_card import EmbeddingModelCard
from modelport.domain.card.speech_card import TTSModelCard
from tests.benchmarks.table import Row, main

ROUNDS = 7
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FOLDERS = sorted(Path(modelport.adapters.__path__[0]).glob("*/_models"))


class Parameters(BaseModel):
    """A form of the usual size."""

    max_tokens: int | None = Field(default=None, gt=0, title="Max tokens", description="The most tokens.")
    thinking_enable: bool = Field(default=False, title="Thinking", description="Whether it thinks.")
    thinking_budget: int | None = Field(default=None, gt=0, title="Budget", description="Tokens of thinking.")
    reasoning_effort: str | None = Field(default=None, title="Effort", description="How much it thinks.")
    temperature: float | None = Field(default=None, ge=0, le=2, title="Temperature", description="Randomness.")
    top_p: float | None = Field(default=None, gt=0, le=1, title="Top P", description="Likeliest words.")
    voice: str | None = Field(default=None, title="Voice", description="The voice.")
    dimensions: int | None = Field(default=None, gt=0, title="Dimensions", description="Size of a vector.")


KINDS: list[type[BaseCard]] = [ModelCard, TTSModelCard, EmbeddingModelCard]
QUERIES = [CardQuery(kind, Parameters) for kind in KINDS]


def bare_pass() -> int:
    """Parse every file and do nothing with it; how many there were."""
    paths = [path for folder in FOLDERS for path in folder.iterdir()]
    for path in paths:
        yaml.load(path.read_bytes(), Loader=LOADER)  # a safe loader
    return len(paths)


def list_kinds(source: YamlCardSource, queries: list[CardQuery[BaseCard]]) -> int:
    """List the asked kinds in every folder; how many cards came."""
    return sum(len(source.list_all(folder, query)) for folder in FOLDERS for query in queries)


def seconds(work: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def files_read_by(work: Callable[[], object]) -> int:
    """How many card files a piece of work opens."""
    opened: list[str] = []

    def counting(path: str, mode: str) -> Any:
        opened.append(path)
        return builtins.open(path, mode)

    vars(card_file)["open"] = counting
    try:
        work()
    finally:
        del vars(card_file)["open"]
    return len(opened)


def measured(queries: list[CardQuery[BaseCard]]) -> tuple[float, float]:
    """Seconds of the first listing by a fresh source, and of the best of ten later ones."""
    source = YamlCardSource()
    first = seconds(lambda: list_kinds(source, queries))
    return first, min(seconds(lambda: list_kinds(source, queries)) for _ in range(10))


def rows(smoke: bool) -> list[Row]:
    """Loading everything beside the bare pass, and listing again beside the first time; one card reads one file."""
    bare, everything, chat = [], [], []
    for _ in range(1 if smoke else ROUNDS):
        bare.append(seconds(bare_pass) * 1e3)
        everything.append(measured(QUERIES)[0] * 1e3)
        chat.append(measured(QUERIES[:1]))
    folder, query = FOLDERS[-1].parent.parent / "anthropic" / "_models", QUERIES[0]
    fresh = YamlCardSource()
    reads = files_read_by(lambda: fresh.find(folder, "claude-opus-5-5", query))
    assert reads == 1, f"to find one card, {reads} files were read"
    counts = f"{bare_pass()} files, {list_kinds(YamlCardSource(), QUERIES)} cards"
    first, again = (statistics.median(times) * 1e3 for times in zip(*chat, strict=True))
    return [
        Row("load every card", statistics.median(everything), statistics.median(bare), "CSafeLoader", "ms", 3, counts),
        Row("list the chat cards again", again, first, "the first time", "ms", 1 / 40),
    ]


if __name__ == "__main__":
    main(rows)
