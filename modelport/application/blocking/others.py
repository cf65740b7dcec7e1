"""Embedding, speech and speech-to-text models without `await`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from .chat import each
from .portal import run

if TYPE_CHECKING:
    from pathlib import Path

    from ...domain.embedding.values import EmbeddingResponse
    from ...domain.message.blocks import DataBlock
    from ...domain.speech.responses import TTSResponse
    from ...domain.transcription.transcript import Transcript

__all__ = ["SyncEmbeddingModel", "SyncSTTModel", "SyncTTSModel"]


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


class SyncSTTModel:
    """A speech-to-text model without `await`; it is made by `model.sync`."""

    def __init__(self, model: Any) -> None:  # Any: a speech-to-text model, whose module imports this one
        self.model = model

    def transcribe(self, audio: str | Path | bytes | DataBlock, **kwargs: Any) -> Transcript:  # Any: provider fields
        """Write down what is said: the whole transcript, whatever the model's `stream` is."""
        *_, last = self.stream(audio, **kwargs)
        return last

    def stream(
        self, audio: str | Path | bytes | DataBlock, **kwargs: Any
    ) -> Generator[Transcript, None, None]:  # Any: as above
        """Write down what is said, as it is written; the last transcript is whole. One where it does not stream."""
        answer = run(self.model.transcribe, audio, **kwargs)
        if hasattr(answer, "__anext__"):
            yield from each(answer)
        else:
            yield answer

    def close(self) -> None:
        """Close the connections of a transport that only this model uses. Never required."""
        run(self.model.aclose)

    def __repr__(self) -> str:
        return f"{self.model!r}.sync"
