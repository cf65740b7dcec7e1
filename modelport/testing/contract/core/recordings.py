"""The recorded answers on cassettes, each with its frames and the model that was asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from ....adapters.cassettes.http_file import Interaction, read_interactions
from ....application.call.http_answer import is_stream
from .frames import frames_of, is_sse
from .mutated_transport import End, MutatedAnswer

__all__ = ["Recording", "load", "path_ending"]

_TOKENS = re.compile(rb'"[A-Za-z_]*(?:token|eval_count)[A-Za-z_]*"\s*:\s*([1-9]\d*)', re.IGNORECASE)


@dataclass(frozen=True)
class Recording:
    """One answer on a cassette."""

    name: str
    """The file's name; with a number when it is not the first answer in the file."""
    interaction: Interaction

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.interaction.status

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    @property
    def headers(self) -> dict[str, str]:
        """The headers, without the length that a changed body no longer has."""
        kept = {name: value for name, value in self.interaction.headers.items() if name != "content-length"}
        return {"content-type": "application/json", **kept}

    @property
    def content_type(self) -> str:
        """The type of the body."""
        return self.headers["content-type"]

    @property
    def streamed(self) -> bool:
        """Whether the answer is a stream of events."""
        return self.succeeded and is_stream(self.content_type, asked=False)

    @property
    def is_sse(self) -> bool:
        """Whether its events are server-sent events, and not lines."""
        return is_sse(self.content_type)

    @property
    def token_counts(self) -> list[int]:
        """The numbers of tokens that the body mentions; empty when the server counts none."""
        return sorted({int(found) for found in _TOKENS.findall(self.body)})

    @cached_property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(piece for _, piece in self.interaction.pieces)

    @cached_property
    def frames(self) -> tuple[bytes, ...]:
        """The body cut after each event."""
        return tuple(frames_of(self.body, self.content_type))

    def answer(self, pieces: Iterable[bytes] | None = None, end: End = End.WHOLE) -> MutatedAnswer:
        """This answer with other pieces, or unchanged."""
        return MutatedAnswer(self.status, self.headers, (self.body,) if pieces is None else tuple(pieces), end)

    @property
    def ending(self) -> str:
        """The last segment of the path, without the model's name: what the endpoint does."""
        return path_ending(self.interaction.asked.path)

    @property
    def model(self) -> str | None:
        """The model asked, by the request's body or by its path."""
        body = self.interaction.asked.body
        named = body.get("model") if isinstance(body, dict) else None
        in_path = re.search(r"/models/([^:/]+)", self.interaction.asked.path)
        return named if isinstance(named, str) else in_path[1] if in_path else None


def path_ending(path: str) -> str:
    """The last segment of a path; of `…/models/NAME:verb` the verb."""
    return path.rstrip("/").rpartition("/")[2].rpartition(":")[2]


@lru_cache(maxsize=64)
def load(folder: Path) -> tuple[Recording, ...]:
    """Every answer on the cassettes of a folder, in the order of their names."""
    return tuple(_tapes(folder))


def _tapes(folder: Path) -> Iterator[Recording]:
    for file in sorted(folder.rglob("*.y*ml")) if folder.is_dir() else [folder]:
        for number, interaction in enumerate(read_interactions(file), 1):
            yield Recording(file.stem if number == 1 else f"{file.stem}-{number}", interaction)
