"""A message of one text is made without validation, and is the one that validation makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from modelport.message import Msg, SystemMsg, UserMsg

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


@given(text=TEXTS)
def test_ids_are_new_and_lists_are_its_own(text: str) -> None:
    first, second = UserMsg("user", text), UserMsg("user", text)
    assert first.id != second.id and first.content[0].id != second.content[0].id
    first.metadata["mine"] = True
    assert not second.metadata


def test_what_is_no_text_is_still_checked() -> None:
    with pytest.raises(ValidationError):
        UserMsg(3, "Hello")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        UserMsg("user", [3])  # type: ignore[list-item]
