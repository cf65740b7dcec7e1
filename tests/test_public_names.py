"""No public name is lost: the faces still have every name that `public_names.json` lists; more are welcome."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.public_names import FACES, public_names

_LISTED: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("public_names.json").read_text(encoding="utf-8")
)
RENAMED: Mapping[str, str] = {
    ".row": ".profile",
    "row=": "profile=",
    # of the contract suite: methods that a case calls, and cases
    ".asked_on": ".ask",
    ".folders": ".all_tapes",
    ".model_on": ".build",
    ".played": ".play",
    ".test_count_is_told": ".test_count_is_exact",
    ".test_again_and_again": ".test_several_utterances",
    ".test_cancel_at_any_event": ".test_cancel_at_any_piece",
    ".test_cancel_before_the_head": ".test_cancel_before_the_answer",
    ".test_cancel_in_a_body": ".test_cancel_at_any_piece",
    ".test_card_lacks_are_told": ".test_card_lacks_are_warned",
    ".test_heard_at_all": ".test_reads_to_the_end",
    ".test_heard_at_once": ".test_audio_at_once",
    ".test_other_bytes": ".test_one_byte_at_a_time",
    ".test_nobody_there": ".test_unreachable_host",
    ".test_told_failure": ".test_reported_failure",
    ".test_way_refused": ".test_strategy_refused",
    ".test_words_are_told": ".test_no_sentence_lost",
}
"""Old name to new name, for members and parameters that were renamed on purpose."""
INTERNAL = {"modelport.model.ChatStream: .of", "modelport.model.ChatStream: deltas="}
"""How a stream is made: only models make one, from a call, whose class no face exports."""


def test_every_face_is_compared() -> None:
    assert set(FACES) == set(_LISTED)


@pytest.mark.parametrize("face", FACES)
def test_a_face_still_has_every_listed_name(face: str) -> None:
    names = public_names([face])[face]
    missing = [f"{face}.{name}" for name in _LISTED[face] if name not in names]
    missing += [
        f"{face}.{name}: {part}"
        for name, parts in _LISTED[face].items()
        for part in parts.split()
        if name in names and part not in names[name] and RENAMED.get(part) not in names[name]
    ]
    missing = [name for name in missing if name not in INTERNAL]
    assert not missing, "these public names are gone; users' programs would fail:\n" + "\n".join(missing)
