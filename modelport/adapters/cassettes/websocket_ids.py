"""Comparing a client's messages with recorded ones, in which ids may differ.

JSON messages are compared as values, others to the letter. An id is a text that the client makes anew for each
message, task or session: the value of a member such as `event_id`, `task_id` or `requestId` (not of `voice_id`, which
chooses something), or any two UUIDs at the same place. A recorded id stands for the one that was sent in its place,
always the same one, and different ids stay different. In later server messages a string that is
such a recorded id becomes the one that was sent, and no other byte changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...domain.json_values import read_json
from ...ports.websocket import Frame
from .mismatch import ABSENT, differing, leaves

__all__ = ["Fit", "Ids", "fitting"]

_NAME = re.compile(
    r"(.*\W)?(client_?)?(call|conversation|event|item|message|previous_?item|request|response|session|stream|task|trace)_?id",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.IGNORECASE)
_ID = re.compile(r"(?=.*\w)[\w.:/+=-]+", re.ASCII)  # such a text in quotes cannot begin where another string ends


class Ids:
    """Maps sent ids to recorded ones, for one connection."""

    def __init__(self) -> None:
        self._sent: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def differences(self, place: str, sent: Frame, recorded: Frame) -> list[str]:
        """What differs; when nothing does, the message's ids are known from now on."""
        found: list[str] = []
        ids: list[tuple[str, str]] = []
        for where, one, other in leaves(place, _value(sent), _value(recorded)):
            if not _is_id(where, one, other):
                found.extend(differing(where, one, other))
            elif self._sent.get(other, one) == one and self._recorded.get(one, other) == other:
                ids.append((one, other))
            else:
                found.append(f"{where}: sent {one!r}, recorded {other!r}: {self._before(one, other)}")
        if not found:
            self._sent.update((other, one) for one, other in ids)
            self._recorded.update(ids)
        return found

    def _before(self, sent: str, recorded: str) -> str:
        if recorded in self._sent:
            return f"the same id as before, for which {self._sent[recorded]!r} was sent"
        return f"another id than {self._recorded[sent]!r}, for which the same was sent"

    def rewritten(self, frame: Frame) -> Frame:
        """The server's message with the ids that were sent."""
        changed = {recorded: sent for recorded, sent in self._sent.items() if recorded != sent}
        if not changed or isinstance(frame, bytes) or not isinstance(_value(frame), dict | list):
            return frame
        quoted = "|".join(map(re.escape, changed))
        return re.sub(rf'(?<!\\)"({quoted})"', lambda match: f'"{changed[match[1]]}"', frame)


class Fit(NamedTuple):
    """How many messages agree with the recorded ones, and the differences in the first that does not."""

    ids: Ids
    length: int
    differences: list[str]


def fitting(sent: Sequence[Frame], recorded: Sequence[Frame]) -> Fit:
    """Compare with a recording's first messages."""
    ids = Ids()
    for count, frame in enumerate(sent):
        place = f"client message {count + 1}"
        if count == len(recorded):
            return Fit(ids, count, list(differing(place, frame, ABSENT)))
        if found := ids.differences(place, frame, recorded[count]):
            return Fit(ids, count, found)
    return Fit(ids, len(sent), [])


def _is_id(place: str, sent: Any, recorded: Any) -> bool:  # Any: JSON values, or none
    if not (isinstance(sent, str) and isinstance(recorded, str) and _ID.fullmatch(sent) and _ID.fullmatch(recorded)):
        return False
    return bool(_NAME.fullmatch(place) or (_UUID.fullmatch(sent) and _UUID.fullmatch(recorded)))


def _value(frame: Frame) -> Any:  # Any: JSON
    """The JSON object or array; any other message is itself."""
    try:
        value = read_json(frame, with_nan=True) if isinstance(frame, str) else frame
    except ValueError:
        return frame
    return value if isinstance(value, dict | list) else frame
