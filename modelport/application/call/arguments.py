"""Checks what callers pass to a model and to its calls: options, messages, body fields, headers and parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel

from ...domain.errors import InvalidRequestError
from ...domain.message.messages import Msg
from ...domain.secrets import secret_name

if TYPE_CHECKING:
    from ...domain.card.cards import BaseCard
    from ...domain.message.responses import ModelWarning
    from ...ports.codec.base import Endpoint

__all__ = [
    "body_fields",
    "check_credential",
    "check_message_list",
    "check_messages",
    "check_name",
    "check_type",
    "check_word",
    "parameter_values",
    "secret_words",
]


def check_messages(msgs: Sequence[Msg]) -> None:
    """Raise `InvalidRequestError` unless this is a sequence of `Msg` of which something can be sent."""
    check_message_list(msgs)
    if msgs[-1].role == "user":
        for block in msgs[-1].content:
            if block.type == "data" or (block.type == "text" and block.text.strip()):
                return  # nearly always
    from ...domain.chat.turns import says_something  # for other conversations only

    if not says_something(msgs):
        raise InvalidRequestError(
            "messages holds nothing to send: its texts are blank, its tool calls have no results, and thinking alone "
            "asks nothing; add a message with text or media, e.g. UserMsg(name='user', content='Hello')"
        )


_NO_LISTS = (Msg, str, bytes, Mapping)


def check_message_list(msgs: object) -> None:
    """Raise `InvalidRequestError` unless this is a non-empty sequence of `Msg`."""
    advice = "pass a list of Msg, e.g. [UserMsg(name='user', content='Hello')]"
    if msgs.__class__ is not list and (isinstance(msgs, _NO_LISTS) or not isinstance(msgs, Sequence)):
        raise InvalidRequestError(f"messages is a {type(msgs).__name__}; {advice}")
    given = cast("Sequence[object]", msgs)
    if not given:
        raise InvalidRequestError(f"messages is empty; {advice}")
    if {*map(type, given)} == {Msg}:
        return
    for index, msg in enumerate(given):  # classes derived from it, and what is none
        if not isinstance(msg, Msg):
            raise InvalidRequestError(f"messages[{index}] is a {type(msg).__name__}; {advice}")


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


def body_fields(kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, str]]:
    """The fields, those of `extra_body` last, and the `extra_headers` (Any: JSON values, as the caller gives them).

    Raises `InvalidRequestError` when either is not a mapping, and for a header that cannot be sent.
    """
    if not kwargs:
        return {}, {}
    fields = dict(kwargs)
    headers: Mapping[Any, Any] = _mapping(fields, "extra_headers")
    fields.update(_mapping(fields, "extra_body"))
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise InvalidRequestError(f"extra_headers: {name!r} is not a valid header name; use letters and hyphens")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidRequestError(f"extra_headers: the value of {name} must be text of printable ASCII characters")
    return fields, headers


def secret_words(endpoint: Endpoint, kwargs: Mapping[str, Any]) -> list[str]:
    """The secrets of a call, which its errors must not contain (Any: as above)."""
    given = kwargs.get("extra_headers") or {}
    secret = [value for name, value in given.items() if _is_secret(name)] if isinstance(given, Mapping) else []
    return [*endpoint.secrets(), *(word for value in secret for word in str(value).split())]


def _is_secret(name: object) -> bool:
    return isinstance(name, str) and secret_name(name)


def _mapping(fields: dict[str, Any], name: str) -> Mapping[str, Any]:
    given = fields.pop(name, None) or {}
    if not isinstance(given, Mapping):
        raise InvalidRequestError(f"{name} is a {type(given).__name__}; pass a dict")
    return given


def check_credential(credential: object, provider: str) -> None:
    """Raise `InvalidRequestError` unless it is a credential; a class that names its provider may go without."""
    if not hasattr(credential, "provider_name") and not (credential is None and provider):
        raise InvalidRequestError(
            f"credential is a {type(credential).__name__}; pass the provider's, e.g. OpenAICredential(api_key=…)"
        )


def check_name(model: object) -> None:
    """Raise `InvalidRequestError` unless it is a non-empty string."""
    if not isinstance(model, str) or not model.strip():
        raise InvalidRequestError(f"model is {model!r}; give the name of the model, as the provider knows it")


def check_type(option: str, given: object, wanted: type) -> None:
    """Raise `InvalidRequestError` unless the option has this type or is `None`."""
    if given is not None and not isinstance(given, wanted):
        raise InvalidRequestError(f"{option} is a {type(given).__name__}; pass {wanted.__name__}(…)")


def check_word(option: str, given: object, allowed: tuple[object, ...]) -> None:
    """Raise `InvalidRequestError` unless the option is one of the allowed values."""
    if given not in allowed:
        raise InvalidRequestError(f"{option} is {given!r}; use {' or '.join(map(repr, allowed))}")


def parameter_values(
    parameters: BaseModel, card: BaseCard, card_checks: Literal["on", "off"] = "on"
) -> tuple[dict[str, Any], list[ModelWarning]]:
    """The parameters to send by our names (Any: each has its own type), and what the caller should know.

    Raises `InvalidRequestError` for a value that the card does not allow.
    """
    from ...domain.card.checks import card_warnings, check_parameters  # cards are loaded by the first call

    values = parameters.model_dump(exclude_none=True)
    warnings = card_warnings(card)
    if card_checks == "off":
        return values, warnings
    kept, dropped = check_parameters(card, values)
    return kept, [*warnings, *dropped]
