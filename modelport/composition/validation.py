"""Pydantic's validation, with errors that name the key in the settings."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from ..domain.errors import SettingsError
from .settings import revealed

__all__ = ["validated"]


def validated(cls: type[BaseModel], values: dict[str, Any], key: str) -> Any:  # Any: an instance of cls
    """An instance, with secrets in clear; `SettingsError` names the wrong key, and the known ones for an unknown."""
    try:
        return cls.model_validate(revealed(values))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
        where = ".".join([key, *(str(part) for part in first["loc"])])
        allowed = ", ".join(cls.model_fields)
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"{where}: unknown key; allowed here: {allowed}") from None
        raise SettingsError(f"{where}: {first['msg']}") from None
