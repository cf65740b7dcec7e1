"""Base64 in one form: the bytes that it means never change."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.message.base64_text import is_base64, is_plain, plain_base64
from modelport.message import Base64Source


@given(st.binary(max_size=400))
def test_every_form_becomes_the_usual_one(data: bytes) -> None:
    usual = base64.b64encode(data).decode()
    forms = [usual, usual.rstrip("="), base64.urlsafe_b64encode(data).decode(), base64.encodebytes(data).decode()]
    forms.append(base64.urlsafe_b64encode(data).decode().rstrip("="))
    assert {plain_base64(form) for form in forms} == {usual}
    assert is_base64(usual) is bool(data)


@given(st.text(max_size=40))
def test_it_is_stable_for_any_text(text: str) -> None:
    once = plain_base64(text)
    assert plain_base64(once) == once
    if not text.startswith("data:"):
        assert Base64Source(data=text, media_type="image/png").data == once


def test_the_ends_of_long_data_are_looked_at() -> None:
    whole = base64.b64encode(bytes(10_000)).decode()
    assert is_base64(whole)
    assert not is_base64("@" + whole[1:]) and not is_base64(whole[:-1] + "@") and not is_base64(whole + "A")


@given(st.text(st.sampled_from("AQgz09+/=-_ \n!ä"), max_size=12))
def test_plain_is_what_a_strict_decoder_takes_in_whole_groups(text: str) -> None:
    try:
        base64.b64decode(text, validate=True)
        strict = "=" not in text.rstrip("=")
    except ValueError:
        strict = False
    if is_plain(text):
        assert len(text) % 4 == 0
        assert strict
