"""Coverage-guided fuzzing of everything that reads bytes of a server; by hand, with atheris.

    pip install atheris
    python -m tests.fuzz.atheris_harness corpus -max_total_time=3600

libFuzzer's arguments apply: a folder of inputs comes first, and an input that failed is written to the current folder.
The first byte of an input chooses the reader. Anything but an error of `modelport.error` is a finding.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # by hand only

with atheris.instrument_imports(include=["modelport"]):
    from modelport.adapters.cassettes.found_secrets import body_secrets
    from modelport.adapters.rate_limit.headers import remaining
    from modelport.adapters.wire.errors import read_error
    from modelport.adapters.wire.framing import NDJSONFramer, SSEFramer
    from modelport.adapters.wire.yaml_text import YamlFault, read_yaml
    from modelport.application.structured.reading import InvalidAnswerError, read_object
    from modelport.domain.retry import parse_retry_after
    from modelport.domain.speech.text import Sentences, split_text
    from modelport.domain.structured.partial_json import PartialJson
    from modelport.error import ModelError
    from tests.contract.samples import question
    from tests.fuzz.test_decoders import CHAT, Transport


def chat(name: str, *, stream: bool) -> Callable[[bytes], object]:
    """A call whose answer has this body."""
    sample = CHAT[name]
    kind = sample.content_type if stream else "application/json"

    async def run(data: bytes) -> None:
        transport = Transport(200, {"content-type": kind}, data, 64)
        model = sample.model("http://127.0.0.1:9", stream=stream, max_retries=0, transport=transport)
        answer: Any = await model(question())
        if stream:
            async for part in answer:
                repr(part)

    return lambda data: asyncio.run(run(data))


def text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def fed(reader: Any, pieces: list[Any]) -> None:  # Any: readers of bytes or of text
    for piece in pieces:
        reader.feed(piece)


def cut(data: Any) -> list[Any]:  # Any: bytes or text
    return [data[at : at + 3] for at in range(0, len(data), 3)]


READERS: list[Callable[[bytes], object]] = [
    *(chat(name, stream=stream) for name in CHAT for stream in (True, False)),
    lambda data: fed(SSEFramer(), cut(data)),
    lambda data: fed(NDJSONFramer(), cut(data)),
    lambda data: fed(PartialJson(), cut(text(data))),
    lambda data: fed(Sentences(), cut(text(data))),
    lambda data: read_object(text(data)),
    lambda data: read_error(data),
    lambda data: read_yaml(data),
    lambda data: body_secrets(data),
    lambda data: split_text(text(data), 7),
    lambda data: parse_retry_after({"retry-after": data.decode("latin-1")}, 0.0),
    lambda data: list(remaining({"ratelimit-remaining": "1", "ratelimit-reset": data.decode("latin-1")}, 0.0)),
]


def one(data: bytes) -> None:
    """Read one input."""
    if not data:
        return
    with suppress(ModelError, InvalidAnswerError, YamlFault):
        READERS[data[0] % len(READERS)](data[1:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
