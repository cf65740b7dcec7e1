"""What a provider that is only data is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ProviderProfile", "class_title"]


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """What a credential class is made from: the fields of `Provider` that such a provider has."""

    name: str
    label: str
    base_url: str = field(repr=False)
    key_variable: str
    key_header: str
    key_optional: bool
    models: str | Path | None
    headers: Mapping[str, str] = field(hash=False, repr=False)
    fields: Mapping[str, Any] = field(hash=False)  # Any: plain data
    profile: Mapping[str, Any] = field(hash=False)  # Any: plain data
    speech: Mapping[str, Any] | None = field(default=None, hash=False)  # Any: plain data
    transcription: Mapping[str, Any] | None = field(default=None, hash=False)  # Any: plain data


def class_title(name: str) -> str:
    """A provider's name as a part of class names."""
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))
