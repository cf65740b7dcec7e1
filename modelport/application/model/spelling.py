"""Arguments of a constructor that it does not have: what the caller may have meant."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from ...domain.chat.settings import CallSettings

__all__ = ["unknown_argument"]

_CREDENTIAL_FIELDS = frozenset({"api_key", "base_url", "host", "organization", "project"})
"""Fields that callers of other libraries give to the model."""


def unknown_argument(cls: type, known: tuple[str, ...], given: Mapping[str, object]) -> TypeError:
    """The error for arguments of which at least one is not among `known`; it names the class and the nearest one."""
    name = next(each for each in given if each not in known)
    parameters = getattr(cls, "Parameters", None)
    fields = tuple(getattr(parameters, "model_fields", ()))
    start = f"{cls.__name__} has no argument {name!r}"
    if name in fields:
        return TypeError(f"{start}: it is a parameter; write parameters={cls.__name__}.Parameters({name}=…)")
    settings = tuple(CallSettings.__annotations__) if "settings" in known else ()
    if name in settings:
        return TypeError(f"{start}: it is a setting of calls; write settings={{{name!r}: …}}")
    if name in _CREDENTIAL_FIELDS:
        return TypeError(f"{start}: it belongs to the credential, the first argument")
    arguments = [each for each in known if not each.startswith("_")]
    near = get_close_matches(name, [*arguments, *fields, *settings], n=1)
    if not near:
        return TypeError(f"{start}; it takes {', '.join(arguments)}")
    if near[0] in arguments:
        return TypeError(f"{start}; did you mean {near[0]!r}?")
    if near[0] not in fields:
        return TypeError(f"{start}; did you mean the setting {near[0]!r}? Write settings={{{near[0]!r}: …}}")
    return TypeError(
        f"{start}; did you mean the parameter {near[0]!r}? Write parameters={cls.__name__}.Parameters({near[0]}=…)"
    )
