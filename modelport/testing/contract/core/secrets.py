"""A key for checks: long and unique, so that it is found wherever it leaks to."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretStr

__all__ = ["SECRET", "has_secret", "with_known_secrets"]

SECRET = "key-of-the-contract-suite-0123456789"  # noqa: S105 - this one opens nothing


def with_known_secrets(credential: Any) -> Any:  # Any: some credential; it need not be a model of pydantic's
    """The credential with each of its keys replaced by `SECRET`."""
    keys = _keys(credential)
    return credential.model_copy(update={name: SecretStr(SECRET) for name in keys}) if keys else credential


def has_secret(credential: object) -> bool:
    """Whether there is a key in it."""
    return bool(_keys(credential))


def _keys(credential: object) -> list[str]:
    """The fields that hold keys."""
    names = type(credential).model_fields if isinstance(credential, BaseModel) else ()
    return [name for name in names if _is_key(getattr(credential, name))]


def _is_key(value: object) -> bool:
    return isinstance(value, SecretStr) and bool(value.get_secret_value())
