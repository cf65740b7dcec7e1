"""Embedding and speech models without a provider, for the tests of applications. Vectors come from a hash of a text."""

from __future__ import annotations

import hashlib
import math
import re
import struct
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any

from ...application.embedding.model import EmbeddingModelBase
from ...application.speech.model import TTSModelBase
from ...domain.chat.tokens import estimate_tokens
from ...domain.embedding.values import EmbeddingResponse, EmbeddingUsage
from ...domain.message.blocks import DataBlock, URLSource
from ...domain.speech.responses import TTSResponse, TTSUsage
from ...domain.speech.spoken import AudioFold
from .chat import AnyParameters, DoubleCredential

__all__ = ["ScriptedEmbeddingModel", "ScriptedRealtimeTTSModel", "ScriptedTTSModel", "hashed_vector"]


def hashed_vector(text: str, size: int) -> list[float]:
    """A vector of length 1 from the text alone, always the same; texts that share words are nearer to each other."""
    total = [0.25 * number for number in _numbers(text, size)]
    for word in set(re.findall(r"\w+", text.lower())):
        total = [sum(pair) for pair in zip(total, _numbers(word, size), strict=True)]
    length = math.sqrt(sum(number * number for number in total)) or 1.0
    return [number / length for number in total]


def _numbers(text: str, size: int) -> list[float]:
    """`size` numbers between -1 and 1, from a hash."""
    raw = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(4 * size)
    return [number / 2**31 - 1 for number in struct.unpack(f"<{size}I", raw)]


_SIZE = 16
_SAMPLE_RATE = 24_000
_SECONDS_PER_CHARACTER = 0.02
_AMPLITUDE = 8_000


class ScriptedEmbeddingModel(EmbeddingModelBase[str | DataBlock]):
    """Vectors from a hash of each input, so that they are the same in every run; see `hashed_vector`.

    Batches, concurrency, retries and the cache are the engine's. `calls` has the inputs of each attempt.

    Args:
        vectors: vectors to give for certain texts, instead of hashes.
        failures: errors that the first attempts end with, one each.
        model: the model's name.
        options: the further arguments of `EmbeddingModelBase`; `parameters` may set `dimensions` (16 unless given).
    """

    type: str = "scripted_embedding"

    def __init__(
        self,
        vectors: Mapping[str, Sequence[float]] | None = None,
        failures: Iterable[Exception] = (),
        model: str = "scripted-embedding",
        **options: Any,  # Any: arguments of `EmbeddingModelBase`
    ) -> None:
        if "retry_policy" not in options:
            options.setdefault("retry_delay", 0.0)
        super().__init__(options.pop("credential", None) or DoubleCredential(), model, **options)
        self._vectors = dict(vectors or {})
        self._failures = iter(failures)
        self.calls: list[list[str | DataBlock]] = []

    async def _call_api(self, inputs: list[str | DataBlock], **kwargs: Any) -> EmbeddingResponse:  # Any: ignored
        self.calls.append(list(inputs))
        failure = next(self._failures, None)
        if failure is not None:
            raise failure
        texts = [_text(item) for item in inputs]
        size = self.dimensions or _SIZE
        vectors = [list(self._vectors.get(text) or hashed_vector(text, size)) for text in texts]
        return EmbeddingResponse(vectors, usage=EmbeddingUsage(tokens=sum(map(estimate_tokens, texts))))


def _text(item: str | DataBlock) -> str:
    if isinstance(item, str):
        return item
    return item.source.url if isinstance(item.source, URLSource) else item.source.data


class ScriptedTTSModel(TTSModelBase):
    """Gives 20 milliseconds of a tone, or of silence, for each character, as a WAV of 24,000 samples a second.

    A stream has one step per word. `spoken` has the texts.

    Args:
        tone: the frequency in hertz; 0 is silence.
        failures: errors that the first calls end with, one each.
    """

    Parameters = AnyParameters
    type: str = "scripted_tts"

    def __init__(
        self,
        tone: float = 0.0,
        failures: Iterable[Exception] = (),
        model: str = "scripted-tts",
        stream: bool = True,
        **options: Any,  # Any: arguments of `TTSModelBase`
    ) -> None:
        super().__init__(options.pop("credential", None) or DoubleCredential(), model, stream=stream, **options)
        self._tone = tone
        self._failures = iter(failures)
        self.spoken: list[str] = []

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: ignored
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        """The speech of the text."""
        failure = next(self._failures, None)
        if failure is not None:
            raise failure
        self.spoken.append(text or "")
        fold = AudioFold(_SAMPLE_RATE)
        return self._steps(fold, text or "", text or "") if self.stream else self._whole(fold, text or "", text or "")

    async def _steps(self, fold: AudioFold, left: str, text: str) -> AsyncGenerator[TTSResponse, None]:
        """The audio of the remaining text, word by word, then the end of the whole text."""
        head = TTSResponse(is_last=False)
        for word in re.findall(r"\s*\S+", left):
            yield TTSResponse(fold.add(self._sound(word)), is_last=False, id=head.id)
        yield self._last(text, head.id)

    def _whole(self, fold: AudioFold, left: str, text: str) -> TTSResponse:
        last = self._last(text)
        if left:
            fold.add(self._sound(left))
        last.content = fold.whole()
        return last

    def _last(self, text: str, response_id: str | None = None) -> TTSResponse:
        facts = {} if response_id is None else {"id": response_id}
        usage = TTSUsage(characters=len(text))
        return TTSResponse(usage=usage, provider=self.provider_name, model=self.model, **facts)  # type: ignore[arg-type]  # only `id`

    def _sound(self, text: str) -> bytes:
        count = round(len(text) * _SECONDS_PER_CHARACTER * _SAMPLE_RATE)
        if not self._tone:
            return bytes(2 * count)
        step = 2 * math.pi * self._tone / _SAMPLE_RATE
        return struct.pack(f"<{count}h", *(round(_AMPLITUDE * math.sin(step * number)) for number in range(count)))


class ScriptedRealtimeTTSModel(ScriptedTTSModel):
    """The same for text that is still being written: `push` gives the whole words so far, `synthesize` the rest.

    Over both, each byte of audio comes once; streamed, all of it is one WAV. `events` has the calls in order.
    """

    type: str = "scripted_realtime_tts"
    realtime: bool = True

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: as of `ScriptedTTSModel`
        super().__init__(*arguments, **options)
        self.events: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self._text, self._heard, self._fold = "", 0, AudioFold(_SAMPLE_RATE)

    async def connect(self) -> None:
        """Record the event."""
        self.events.append("connect")

    async def close(self) -> None:
        """Record the event, and drop text that was not synthesized."""
        self.events.append("close")
        self._begin()

    async def push(self, text: str, **kwargs: Any) -> TTSResponse:  # Any: ignored
        """Take more text; the audio of the words that it completes."""
        self.events.append("push")
        self._text += text
        end = self._text.rfind(" ") + 1
        fresh = self._text[self._heard : end]
        self._heard = max(self._heard, end)
        return TTSResponse(self._fold.add(self._sound(fresh)) if fresh else None, is_last=False)

    async def synthesize(
        self,
        text: str | None = None,
        **kwargs: Any,  # Any: ignored
    ) -> TTSResponse | AsyncGenerator[TTSResponse, None]:
        """The audio of the remaining text, and the end of the utterance."""
        self.events.append("synthesize")
        failure = next(self._failures, None)
        if failure is not None:
            raise failure
        whole = self._text + (text or "")
        left, fold = whole[self._heard :], self._fold
        self.spoken.append(whole)
        self._begin()
        if self.stream:
            return self._steps(fold, left, whole)
        return self._whole(AudioFold(_SAMPLE_RATE), left, whole)  # one finished file of what `push` did not return
