"""A message of one text is made without validation, and is the one that validation makes."""

from __future__ import annotations

import copy
import pickle
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import modelport
from modelport.message import Msg, SystemMsg, TextBlock, UserMsg

TEXTS = st.text() | st.text(st.characters(categories=["Cs", "Lu", "So"]))


@given(name=TEXTS, text=TEXTS)
def test_it_is_the_message_that_validation_makes(name: str, text: str) -> None:
    for make, role in ((UserMsg, "user"), (SystemMsg, "system")):
        made = make(name, text)
        block = made.content[0]
        checked = Msg(
            name=name,
            content=[block.model_copy(update={"text": text})],
            role=role,
            id=made.id,
            created_at=made.created_at,
            finished_at=made.finished_at,
        )
        assert made == checked and made.model_fields_set == checked.model_fields_set - {"id"}
        assert repr(made) == repr(checked) and made.model_dump_json() == checked.model_dump_json()
        assert Msg.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize("role", ["user", "system"])
@pytest.mark.parametrize("text", ["hi", "", "größer 你好 🙂", "line\nline"])
def test_a_message_of_a_text_is_what_validation_makes_of_it(role: str, text: str) -> None:
    """Without validation its fields, copies, dumps and pickles are the same."""
    numbers = count()
    modelport.set_id_factory(lambda: f"id-{next(numbers)}")
    modelport.set_timestamp_factory(lambda: f"time-{next(numbers)}")
    try:
        quick = (UserMsg if role == "user" else SystemMsg)("me", text)
        numbers = count(1)
        checked = Msg(name="me", content=text, role=role, created_at="time-0", finished_at="time-0")
    finally:
        modelport.set_id_factory(None)
        modelport.set_timestamp_factory(None)
    assert quick == checked
    assert list(quick.__dict__) == list(checked.__dict__)
    assert [repr(each) for each in (quick, *quick.content)] == [repr(each) for each in (checked, *checked.content)]
    for one, other in ((quick, checked), (quick.content[0], checked.content[0])):
        assert list(one.__dict__) == list(other.__dict__)
        assert one.model_fields_set == other.model_fields_set
        assert (one.__pydantic_extra__, one.__pydantic_private__) == (
            other.__pydantic_extra__,
            other.__pydantic_private__,
        )
    for options in ({}, {"exclude_unset": True}, {"exclude_defaults": True}, {"mode": "json"}):
        assert quick.model_dump(**options) == checked.model_dump(**options)
    assert quick.model_dump_json() == checked.model_dump_json()
    for copied in (copy.copy(quick), copy.deepcopy(quick), pickle.loads(pickle.dumps(quick)), quick.model_copy()):
        assert copied == checked
    assert Msg.model_validate(quick.model_dump()) == quick
    quick.note = "a field of another version"  # type: ignore[attr-defined]
    assert quick.model_dump()["note"] == "a field of another version"


def test_messages_of_a_text_share_nothing() -> None:
    one, other = UserMsg("me", "hi"), UserMsg("me", "hi")
    one.metadata["a"] = 1
    one.content.append(TextBlock(text="more"))
    one.model_fields_set.add("metadata")
    assert (other.metadata, len(other.content), "metadata" in other.model_fields_set) == ({}, 1, False)
    assert len({one.id, other.id, one.content[0].id, other.content[0].id}) == 4


def test_what_is_no_text_is_still_checked() -> None:
    with pytest.raises(ValidationError):
        UserMsg(3, "Hello")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        UserMsg("user", [3])  # type: ignore[list-item]
