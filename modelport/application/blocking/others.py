"""Embedding and speech models without `await`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from .chat import each
from .portal import run

if TYPE_CHECKING:
    from ...domain.embedding.values import EmbeddingResponse
    from ...domain.speech.responses import TTSResponse

__all__ = ["SyncEmbeddingModel", "SyncTTSModel"]


class SyncEmbeddingModel:
    """An embedding model without `await`; it is made by `model.sync`."""

    def __init__(self, model: Any) -> None:  # Any: an embedding model, whose module imports this one
        self.model = model

    def __call__(self, inputs: Sequence[Any], **kwargs: Any) -> EmbeddingResponse:  # Any: as of the model
        """One vector per input, in input order."""
        response: EmbeddingResponse = run(self.model, inputs, **kwargs)
        return response

    def close(self) -> None:
        """Close the connections of a transport that only this model uses. Never required."""
        run(self.model.aclose)

    def __repr__(self) -> str:
        return f"{self.model!r}.sync"


class SyncTTSModel:
    """A speech model without `await`; it is made by `model.sync`."""

    def __init__(self, model: Any) -> None:  # Any: a speech model, whose module imports this one
        self.model = model

    def synthesize(self, text: str, **kwargs: Any) -> TTSResponse:  # Any: provider body fields
        """Speak the text: the whole audio, whatever the model's `stream` is."""
        response: TTSResponse = run(self._whole, text, **kwargs)
        return response

    def stream(self, text: str, **kwargs: Any) -> Generator[TTSResponse, None, None]:  # Any: as above
        """Speak the text: pieces as they arrive, which `join_audio` joins; one where the model does not stream."""
        answer = run(self.model.synthesize, text, **kwargs)
        if hasattr(answer, "__anext__"):
            yield from each(answer)
        else:
            yield answer

    async def _whole(self, text: str, **kwargs: Any) -> TTSResponse:
        from dataclasses import replace

        from ...domain.speech.responses import TTSResponse, join_audio

        answer = await self.model.synthesize(text, **kwargs)
        if isinstance(answer, TTSResponse):
            return answer
        pieces = [piece async for piece in answer]
        spoken = [piece for piece in pieces if piece.content is not None]
        whole: TTSResponse = replace(pieces[-1], content=join_audio(spoken) if spoken else None)
        return whole

    def close(self) -> None:
        """Close the connections of a transport that only this model uses. Never required."""
        run(self.model.aclose)

    def __repr__(self) -> str:
        return f"{self.model!r}.sync"
