"""The arguments of earlier tool calls as every API accepts them: the text of one JSON object.

Models write other texts too: cut off, `null`, blank, a Python dict, a list, two objects. A server that gets one of them
back refuses the whole conversation.
"""

from __future__ import annotations

import json

from ..json_values import read_json

__all__ = ["legal_arguments"]

_UNREADABLE = "INVALID_JSON"
"""The key of a text that is not JSON, in the object that replaces it."""
_OTHER = "input"
"""The key of a value that is not an object, in the object that replaces it."""


def legal_arguments(text: str) -> tuple[str, str | None]:
    """The arguments as the text of a JSON object, and what had to change, if anything did.

    An object is returned character by character. Blank text and `null` are no arguments, `{}`. Any other value becomes
    the property `input` of an object, and text that is not JSON the property `INVALID_JSON`.
    """
    if not text.strip():
        return "{}", None
    try:
        value = read_json(text)
    except ValueError:
        return json.dumps({_UNREADABLE: text}, ensure_ascii=False), "are not JSON"
    if isinstance(value, dict):
        return text, None
    if value is None:
        return "{}", None
    return json.dumps({_OTHER: value}, ensure_ascii=False), "are not a JSON object"
