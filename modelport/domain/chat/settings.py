"""Neutral settings of a call: one name for each, whatever the provider calls it.

What a provider calls a setting, and which it does not have, is data: `SettingRules`. A setting that a provider refuses
or ignores is left out of the request with a warning.

Facts: docs/protocols/settings-across-providers.md#sampling-and-limits,
docs/protocols/settings-across-providers.md#tier-identity-and-metadata,
docs/protocols/settings-across-providers.md#prompt-caching.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from ..errors import InvalidRequestError
from ..message.responses import ModelWarning
from ..suggestions import nearest

if TYPE_CHECKING:
    from ..card.capabilities import SamplingFacts

__all__ = [
    "BY_EFFORT",
    "LEVELS",
    "CallSettings",
    "SettingRule",
    "SettingRules",
    "Thinking",
    "at",
    "body_of",
    "checked_settings",
    "merged",
    "refusal",
    "split_settings",
    "stop_texts",
]

Thinking = bool | Literal["minimal", "low", "medium", "high", "max"] | None
"""Whether, or how much, a model thinks; `None` leaves it to the model."""
LEVELS = ("minimal", "low", "medium", "high", "max")


class CallSettings(TypedDict, total=False):
    """Settings that every chat class takes: per call, at construction, in settings files and through an agent.

    Attributes:
        thinking: whether, or how much, the model thinks: budgets, efforts and switches are chosen from its card.
        stop: texts before which the answer ends; it does not contain them.
        seed: makes sampling repeatable, as far as the provider can.
        presence_penalty: from -2 to 2; above 0, words that occurred already become less likely.
        frequency_penalty: from -2 to 2; the same, more for words that occurred often.
        top_k: only this many of the likeliest words are considered.
        logprobs: `True`, or the number of alternatives for each token.
        service_tier: the provider's word for how urgent the call is.
        user: an identifier of the end user, for the provider's watch for abuse; it is sent as it is given.
        cache: whether the prompt is cached: `auto`, `off`, or for how long, as the provider writes it (`5m`).
        extra_body: fields of the provider's request body, merged last.
        extra_headers: headers, merged last.
    """

    thinking: Thinking
    stop: str | Sequence[str] | None
    seed: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    top_k: int | None
    logprobs: bool | int | None
    service_tier: str | None
    user: str | None
    cache: str | None
    extra_body: Mapping[str, Any] | None  # Any: JSON values
    extra_headers: Mapping[str, str] | None


_NUMBERS = (int, float)
_TYPES: Mapping[str, tuple[type, ...]] = {
    "thinking": (bool, str),
    "stop": (str, list, tuple),
    "seed": (int,),
    "presence_penalty": _NUMBERS,
    "frequency_penalty": _NUMBERS,
    "top_k": (int,),
    "logprobs": (bool, int),
    "service_tier": (str,),
    "user": (str,),
    "cache": (str,),
}
"""The settings, with the types of their values; a value of another type is a field of the provider's own."""

SettingRule = Callable[[Any], Mapping[str, Any] | str]
"""The body fields of a value (Any: JSON values), or why it is not sent.

Raises `InvalidRequestError` for a value that the API refuses.
"""
SettingRules = Mapping[str, SettingRule | str]
"""The rule of each setting, or why there is none, as the end of the sentence "NAME was not sent: …"."""

_NO_RULE = "the API has no such setting"
BY_EFFORT = "by effort"
"""The rule of `thinking` for an API whose only field about it is the effort."""
_REFUSED_LIKE_SAMPLING = frozenset({"presence_penalty", "frequency_penalty", "stop"})


def at(*path: str) -> SettingRule:
    """The rule that puts a value at this place of the body."""

    def rule(value: Any) -> Mapping[str, Any] | str:
        for key in reversed(path):
            value = {key: value}
        fields: Mapping[str, Any] = value
        return fields

    return rule


def stop_texts(*path: str, most: int | None = None, blank: bool = True) -> SettingRule:
    """The rule for stop texts, of which the API takes at most `most`, and `blank` ones or not."""
    place = at(*path)

    def rule(value: Any) -> Mapping[str, Any] | str:
        texts = [value] if isinstance(value, str) else list(value)
        if most is not None and len(texts) > most:
            raise InvalidRequestError(f"stop has {len(texts)} texts; the API takes at most {most}")
        if not all(isinstance(text, str) and text for text in texts):
            raise InvalidRequestError(f"stop is {value!r}; give texts that are not empty")
        if not blank and not all(text.strip() for text in texts):
            return "the API takes no stop text that is blank"
        return place(texts) if texts else {}

    return rule


_MERGED = ("extra_body", "extra_headers")


def checked_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as a dict of their own; raises `InvalidRequestError` for an unknown one or a wrong value."""
    if not isinstance(given, Mapping):
        raise InvalidRequestError(f"settings is a {type(given).__name__}; give a dict, e.g. {{'thinking': 'low'}}")
    known = CallSettings.__annotations__
    for name, value in given.items():
        if name not in known:
            raise InvalidRequestError(f"settings has no {name!r}{nearest(name, known)}")
        if value is not None and name in _TYPES and not isinstance(value, _TYPES[name]):
            kinds = " or ".join(kind.__name__ for kind in _TYPES[name])
            raise InvalidRequestError(f"{name} is a {type(value).__name__}; give a {kinds}")
        if name in _MERGED and value is not None and not isinstance(value, Mapping):
            raise InvalidRequestError(f"{name} is a {type(value).__name__}; give a dict")
        _check_level(name, value)
    return dict(given)


def split_settings(kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The neutral settings among the arguments of a call, and the others, which are the provider's own fields."""
    ours: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, value in kwargs.items():
        kinds = _TYPES.get(name)
        if kinds is None and (meant := _meant(name)):
            raise InvalidRequestError(f"a call has no argument {name!r}; {meant}; other fields go into extra_body")
        if kinds is None or not (value is None or isinstance(value, kinds)):
            others[name] = value
        elif value is not None:
            _check_level(name, value)
            ours[name] = value
    return ours, others


_CLOSE = 0.85
"""How alike a name must be to a setting's to be taken for a mistake; names of real fields are less so."""


@lru_cache(256)
def _meant(name: str) -> str:
    """What was meant by a name that is almost a setting's; empty for a field of the provider's own."""
    from difflib import get_close_matches  # for names that are not known only

    if name == "settings":
        return "give each setting by its name, such as thinking='low'"
    near = get_close_matches(name, _TYPES, n=1, cutoff=_CLOSE)
    return f"did you mean {near[0]!r}" if near else ""


def _check_level(name: str, value: object) -> None:
    if name == "thinking" and isinstance(value, str) and value not in LEVELS:
        raise InvalidRequestError(f"thinking is {value!r}; use True, False or one of {', '.join(LEVELS)}")


def body_of(
    settings: Mapping[str, Any], rules: SettingRules, sampling: SamplingFacts | None, *, thinks: bool
) -> tuple[dict[str, Any], list[ModelWarning]]:
    """The body fields of the settings, without `thinking`, and a warning for each that is not sent."""
    body: dict[str, Any] = {}
    warnings: list[ModelWarning] = []
    for name, value in settings.items():
        if name == "thinking":
            continue
        rule = rules.get(name, _NO_RULE)
        why = refusal(name, sampling, thinks=thinks)
        fields = why or (rule if isinstance(rule, str) else rule(value))
        if isinstance(fields, str):
            warnings.append(ModelWarning("dropped", name, f"{name} was not sent: {fields}"))
        else:
            body = merged(body, fields)
    return body, warnings


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both objects; of fields that both have, objects are joined and other values are those of `second`."""
    both = dict(first)
    for name, value in second.items():
        ours = both.get(name)
        both[name] = merged(ours, value) if isinstance(ours, Mapping) and isinstance(value, Mapping) else value
    return both


def refusal(name: str, sampling: SamplingFacts | None, *, thinks: bool) -> str:
    """Why the model's card says that it does not take the setting; empty when it does."""
    if sampling is None or name not in _REFUSED_LIKE_SAMPLING:
        return ""
    if name == "stop":
        return "" if sampling.stop else "the model does not take it"
    if not sampling.allowed or not sampling.penalties:
        return "the model does not take it"
    return "" if sampling.with_thinking or not thinks else "the model does not take it while it thinks"
