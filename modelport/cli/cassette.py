"""Cassettes: one call recorded with vcrpy, and written only if it contains no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from ..adapters.cassettes.files import replace_file
from ..adapters.cassettes.redact import public_interaction, public_uri, server_of, texts_of
from ..domain.errors import SettingsError
from ..domain.secrets import SecretFilter

__all__ = ["Recording", "record_calls", "write_cassette"]

_Json = Any
"""A JSON value: a request or response as vcrpy serializes it."""


class Recording:
    """Requests and responses as vcrpy's plain data."""

    def __init__(self) -> None:
        self.interactions: list[dict[str, _Json]] = []

    def load_cassette(self, path: str, serializer: object) -> _Json:
        """vcrpy's persister: every recording starts empty."""
        from vcr.persisters.filesystem import CassetteNotFoundError

        raise CassetteNotFoundError

    def save_cassette(self, path: str, cassette: dict[str, _Json], serializer: object) -> None:
        """vcrpy's persister: keep the data in memory, so that it is checked for secrets before it is written."""
        from vcr.serialize import serialize

        self.interactions = serialize(cassette, self)["interactions"]

    def serialize(self, data: _Json) -> _Json:
        """vcrpy's serializer: the data as it is."""
        return data


@asynccontextmanager
async def record_calls() -> AsyncIterator[Recording]:
    """Record every request made within it; the recording is filled at the end, also after an error."""
    try:
        import vcr
    except ImportError as error:
        raise SettingsError("recording needs an extra: pip install 'modelport[record]'") from error
    recording = Recording()
    recorder = vcr.VCR(record_mode="all", decode_compressed_response=True)
    recorder.persister = recording
    with recorder.use_cassette("recording"):
        yield recording


def write_cassette(
    recording: Recording, path: Path, secrets: Iterable[str], server: str | None, recorded_on: date
) -> None:
    """Write the recording without personal headers; `SettingsError` if it still contains a secret."""
    hide = SecretFilter(secrets)
    kept = [
        (public_uri(one["request"]["uri"]), one["request"]["body"], one["response"]["body"])
        for one in recording.interactions
    ]
    if any(hide(text) != text for text in texts_of([list(each) for each in kept])):
        raise SettingsError(
            f"{path} is not written: the key is in the text of a request or an answer; record another call"
        )
    interactions = [public_interaction(interaction)[0] for interaction in recording.interactions]
    cassette = {
        "origin": "recorded",
        "server": server or server_of(interactions),
        "recorded_on": recorded_on,
        "version": 1,
        "interactions": interactions,
    }
    text = yaml.safe_dump(cassette, sort_keys=False)  # ASCII: vcrpy reads it in the locale's encoding
    replace_file(path, text)
