"""Media types, and the text sent in place of media that an API does not accept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .base64_text import is_base64
from .blocks import Base64Source, DataBlock, TextBlock, ToolResultBlock, URLSource
from .media_types import canonical_type
from .urls import shown_url

__all__ = [
    "THINKING_TYPE",
    "accepted",
    "announcement",
    "data_uri",
    "data_uri_head",
    "kind_of",
    "media_matches",
    "plain_type",
    "shown_name",
    "split_tool_output",
]

THINKING_TYPE = "application/x-thinking"
"""How a card says that a model shows, or takes back, its thinking."""


def media_matches(media_type: str, patterns: Sequence[str]) -> bool:
    """Whether a type such as `image/png` matches any of `patterns`, such as `image/*` or `*/*`."""
    kind = plain_type(media_type)
    group = kind.partition("/")[0] + "/*"
    return any(canonical_type(pattern) in (kind, group, "*/*") for pattern in patterns)


def plain_type(media_type: str) -> str:
    """The type under its registered name, without parameters."""
    return canonical_type(media_type).partition(";")[0].rstrip()


def kind_of(media_type: str) -> str:
    """`image`, `audio`, `video`, or `document` for everything else."""
    main = canonical_type(media_type).partition("/")[0]
    return main if main in ("image", "audio", "video") else "document"


def accepted(block: DataBlock, input_types: Sequence[str] | None) -> bool:
    """Whether a model with these input types accepts the block; `None` means that they are unknown.

    Data that cannot be base64 are accepted by none.
    """
    if isinstance(block.source, Base64Source) and not is_base64(block.source.data):
        return False
    return input_types is None or media_matches(block.source.media_type, input_types)


def data_uri(source: Base64Source) -> str:
    """The source as a `data:` URI."""
    return data_uri_head(source) + source.data


def data_uri_head(source: Base64Source) -> str:
    """What stands before the data in a `data:` URI of the source."""
    return f"data:{source.media_type};base64,"


def shown_name(block: DataBlock) -> str:
    """The block's name without the folders of a path; empty when it has none."""
    return re.split(r"[/\\]", (block.name or "").rstrip("/\\"))[-1]


def announcement(block: DataBlock) -> str:
    """The text sent in place of media that the API does not accept; the same for the same block.

    It holds neither a local path nor the query of a URL, where signatures are.
    """
    source, name = block.source, shown_name(block)
    named = f" named {name!r}" if name else ""
    remote = isinstance(source, URLSource) and not source.url.lower().startswith("file:")
    where = f"; it can be found at {shown_url(source.url)}" if remote and isinstance(source, URLSource) else ""
    return f"[Here was {_article(kind_of(source.media_type))}{named} ({source.media_type}), not shown to you{where}.]"


def split_tool_output(result: ToolResultBlock) -> tuple[str, list[DataBlock]]:
    """A tool's output as text, with a line for each medium in its place, and the media."""
    if isinstance(result.output, str):
        return result.output, []
    lines, media = [], []
    for block in result.output:
        if isinstance(block, TextBlock):
            lines.append(block.text)
        else:
            media.append(block)
            kind = _article(kind_of(block.source.media_type))
            lines.append(f"[The tool returned {kind} with the identifier {block.id}.]")
    return "\n".join(lines), media


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
