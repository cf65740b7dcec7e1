"""A custom embedding model whose vectors identify their inputs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

from modelport.credential import CredentialBase
from modelport.embedding import EmbeddingCacheBase, EmbeddingModelBase, EmbeddingResponse, EmbeddingUsage

__all__ = ["CustomCredential", "CustomEmbedding", "DictCache", "number_of", "texts", "vector_of"]


def texts(count: int, first: int = 0) -> list[str]:
    return [f"text {number}" for number in range(first, first + count)]


def number_of(text: str) -> int:
    return int(text.split()[1])


def vector_of(text: str) -> list[float]:
    return [float(number_of(text)), 0.5]


class CustomCredential(CredentialBase):
    type: Literal["custom_credential"] = "custom_credential"

    @classmethod
    def get_embedding_model_class(cls) -> Any:
        return CustomEmbedding


class CustomEmbedding(EmbeddingModelBase[str]):
    """Answers from memory; `before` may wait or fail for a batch."""

    before: ClassVar[Callable[[Sequence[str]], Any] | None] = None

    def __init__(self, *arguments: Any, before: Callable[[Sequence[str]], Any] | None = None, **options: Any) -> None:
        super().__init__(CustomCredential(), "custom-model", *arguments, **options)
        self.hook = before
        self.batches: list[list[str]] = []
        self.answered: list[str] = []
        self.in_flight = self.most_in_flight = 0

    @classmethod
    def _get_retryable_exceptions(cls) -> tuple[type[Exception], ...]:
        return (TimeoutError,)

    async def _call_api(self, inputs: list[str], **kwargs: Any) -> EmbeddingResponse:
        self.batches.append(inputs)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            if self.hook is not None and (waited := self.hook(inputs)) is not None:
                await waited
        finally:
            self.in_flight -= 1
        self.answered += inputs
        return EmbeddingResponse([vector_of(text) for text in inputs], usage=EmbeddingUsage(tokens=len(inputs)))


class DictCache(EmbeddingCacheBase):
    """Only the four abstract methods, as an application would write them."""

    def __init__(self) -> None:
        self.kept: dict[str, list[list[float]]] = {}

    async def store(self, embeddings: list[list[float]], identifier: Any, overwrite: bool = False) -> None:
        await asyncio.sleep(0)
        if overwrite or repr(identifier) not in self.kept:
            assert all(type(number) is float for vector in embeddings for number in vector)
            self.kept[repr(identifier)] = embeddings

    async def retrieve(self, identifier: Any) -> list[list[float]] | None:
        return self.kept.get(repr(identifier))

    async def remove(self, identifier: Any) -> None:
        del self.kept[repr(identifier)]

    async def clear(self) -> None:
        self.kept.clear()
