"""Pydantic classes whose validator is made when it is first needed: making one takes as long as loading a module."""

from __future__ import annotations

from inspect import Signature
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

__all__ = ["Deferred"]


class _Signature:
    """The signature of a class without a validator yet; making that gives the class a signature of its own."""

    def __get__(self, instance: object, owner: type[BaseModel]) -> Signature:
        if instance is not None or owner.__pydantic_complete__ or not owner.model_rebuild(raise_errors=False):
            raise AttributeError("__signature__")
        return owner.__signature__


class Deferred(BaseModel):
    """A pydantic class that is made complete by its first use; `help` and `inspect.signature` are uses."""

    model_config = ConfigDict(defer_build=True)

    if not TYPE_CHECKING:

        @classmethod
        def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # Any: pydantic's own
            if not cls.__pydantic_complete__:  # it would have the signature of its base
                cls.__signature__ = _Signature()
