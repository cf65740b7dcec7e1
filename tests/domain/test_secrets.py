"""One filter for secrets: every form in which they may be repeated, and no other text."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.domain.errors import InvalidRequestError, ServerError
from modelport.domain.secrets import HIDDEN, SecretFilter, hide_url_secrets, secret_name, url_secrets

KEY = 'sk-Ab+/c"d=9_öé~\\x'


def _units(text: str, form: str) -> str:
    data = text.encode("utf-16-be")
    return "".join(form.format(int.from_bytes(data[at : at + 2])) for at in range(0, len(data), 2))


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "json": lambda key: json.dumps(key)[1:-1],
    "json in json": lambda key: json.dumps(json.dumps(key))[3:-3],
    "json three times": lambda key: json.dumps(json.dumps(json.dumps(key)))[7:-7],
    "escaped letters": lambda key: _units(key, "\\u{:04x}"),
    "ESCAPED letters": lambda key: _units(key, "\\u{:04X}"),
    "some escaped": lambda key: _units(key[0], "\\u{:04x}") + key[1:],
    "slashes": lambda key: key.replace("\\", "\\\\").replace("/", "\\/"),
    "python": lambda key: repr(key.encode())[2:-1],
    "url": lambda key: quote(key, safe=""),
    "url in lower case": lambda key: "".join(f"%{octet:02x}" for octet in key.encode()),
    "url twice": lambda key: quote(quote(key, safe=""), safe=""),
    "form": quote_plus,
    "html": html.escape,
    "html numbers": lambda key: "".join(f"&#{ord(sign)};" for sign in key),
    "lines": lambda key: key[:5] + "\n    " + key[5:],
    "escaped lines": lambda key: key[:5] + "\\n" + key[5:],
    "spaced": " ".join,
    "hex": lambda key: key.encode().hex(),
    "HEX": lambda key: key.encode().hex().upper(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 for urls": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 of user and key": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 in lines": lambda key: base64.encodebytes((key * 4).encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found(form: str) -> None:
    written = FORMS[form](KEY)
    hidden = SecretFilter([KEY])(f"before {written} after")
    assert hidden.startswith("before ") and hidden.endswith(" after") and HIDDEN in hidden
    assert len(hidden) < len("before  after") + 4 * len(HIDDEN) + 8  # base64 at an offset keeps the user's signs
    data = f"vor ü {written} nach".encode()
    assert SecretFilter([KEY]).spans(data)


LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Z"))


@settings(max_examples=150)
@given(st.text(LETTERS, min_size=7, max_size=24), st.sampled_from(sorted(FORMS)), st.integers(0, 5))
def test_any_value_is_found(key: str, form: str, lead: int) -> None:
    written = "-" * lead + FORMS[form](key)
    assert HIDDEN in SecretFilter([key])(written)


@pytest.mark.parametrize("end", ["***", "**********xyz", "...", "…", "", '"}', '\\"}', "'"])
def test_a_key_that_was_masked_or_cut_is_found(end: str) -> None:
    assert (
        SecretFilter(["SECRET-abcdef-0123456789"])(f"wrong key SECRET-abcdef-01234{end}") == f"wrong key {HIDDEN}{end}"
    )


@pytest.mark.parametrize("begin", ["***", "xyz*******", "...", "…", "\\u2026"])
@pytest.mark.parametrize("form", ["raw", "json", "url", "escaped letters"])
def test_the_last_part_of_a_key_is_found(begin: str, form: str) -> None:
    hidden, shown = SecretFilter(["SECRET-abcdef-0123456789"]), FORMS[form]("ef-0123456789")
    assert hidden(f"wrong key {begin}{shown}, try again") == f"wrong key {begin}{HIDDEN}, try again"
    assert hidden.spans(f"wrong key {begin}{shown}".encode()) != []
    assert hidden(f"a word {shown} stays") == f"a word {shown} stays"


def test_ordinary_text_stays() -> None:
    text = "The secret of sk-Ab is SECRET-and none of this, sk-\\u0041, 100% [secret] and {}".format("QUJD" * 20)
    assert SecretFilter([KEY, "none", "SECRET-abcdef-0123456789"])(text) == text


@pytest.mark.parametrize(
    "text", ["\\" * 200_000, "s" + " " * 200_000, "sk-Ab" * 40_000, "%25" * 70_000, "&#0" * 70_000, "*" * 200_000]
)
def test_it_is_linear(text: str) -> None:
    start = time.process_time()
    SecretFilter([KEY])(text)
    assert time.process_time() - start < 5


def test_an_error_and_its_causes_are_without_it() -> None:
    error = ServerError(f"a {KEY}", code=KEY, request_id=quote(KEY), body=json.dumps({"a": KEY}), model="m")
    error.__cause__ = ValueError(f"{KEY} is no number", 3, KEY.encode())
    error.__cause__.__context__ = KeyError(KEY)
    error.__cause__.add_note(f"see {KEY}")
    error.scrub([KEY])
    assert error.__cause__.__notes__ == [f"see {HIDDEN}"]
    assert str(error) == f"[m] a {HIDDEN} ({HIDDEN}, request {HIDDEN})"
    assert error.body == f'{{"a": "{HIDDEN}"}}'
    assert error.__cause__.args == (f"{HIDDEN} is no number", 3, HIDDEN.encode())
    assert error.__cause__.__context__.args == (HIDDEN,)


def test_errors_that_cause_each_other_end() -> None:
    one, other = InvalidRequestError(KEY), ValueError(KEY)
    one.__cause__, other.__cause__ = other, one
    one.scrub([KEY])
    assert other.args == (HIDDEN,)


@pytest.mark.parametrize(
    "name",
    [
        *("api_key", "apiKey", "X-API-Key", "key", "sig", "Signature", "X-Amz-Signature", "token", "access_token"),
        *("accessToken", "authorization", "Authorization_Token", "password", "passwd", "client_secret", "clientSecret"),
        *(
            "Cookie",
            "Set-Cookie",
            "Proxy-Authorization",
            "sslpassword",
            "pwd",
            "refreshToken",
            "OSSAccessKeyId",
            "auth",
        ),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["max_tokens", "tokens", "keyword", "monkey", "author", "design", "model", "key_points", "next_page_token_count"],
)
def test_other_names(name: str) -> None:
    assert not secret_name(name)


def test_urls() -> None:
    assert url_secrets("https://u:p%40ss@h/x?sig=abc%3D&model=m&api_key=k") == ["p%40ss", "p@ss", "abc=", "k"]
    assert url_secrets("https://token@h/") == ["token"] and url_secrets("http://[") == []
    text = "at postgresql://app:pw@db/v?sslmode=on&password=x or http://u:p@proxy:1, mail a@b.c, 10:30@x"
    hidden = "at postgresql://app:***@db/v?sslmode=on&password=*** or http://u:***@proxy:1, mail a@b.c, 10:30@x"
    assert hide_url_secrets(text) == hidden


def test_an_at_sign_in_a_password_does_not_end_it() -> None:
    assert hide_url_secrets("at postgresql://u:a@b-secret@h/d, x@y") == "at postgresql://u:***@h/d, x@y"
    assert "a@b-secret" in url_secrets("postgresql://u:a@b-secret@h/d")
