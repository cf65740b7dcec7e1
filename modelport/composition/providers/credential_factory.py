"""Reads stored credentials by their `type`, those of this package and of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from ...application.model.credential import CredentialBase
from ...domain.errors import SettingsError, forget_frames
from ..validation import validated
from .registry import Provider, ProviderRegistry

__all__ = ["CredentialFactory"]


P = ParamSpec("P")
R = TypeVar("R")


class _AlsoOnClass(Generic[P, R]):
    """A method that may be called on the class, too: then on one factory that the process keeps."""

    def __init__(self, method: Callable[Concatenate[Any, P], R]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, instance: CredentialFactory | None, owner: type[CredentialFactory]) -> Callable[P, R]:
        return partial(self._method, instance or _shared(owner))


_kept: dict[type[CredentialFactory], CredentialFactory] = {}


def _shared(cls: type[CredentialFactory]) -> CredentialFactory:
    return _kept.setdefault(cls, _kept.get(cls) or cls())


class CredentialFactory:
    """Builds credentials from what `to_storage` returned. Types are looked up in the provider registry.

    The methods may be called on the class, too, as in `CredentialFactory.from_dict(stored)`: then types that were
    registered on the class are known as well.
    """

    def __init__(self, registry: ProviderRegistry | None = None) -> None:
        self._registry = registry or ProviderRegistry()

    @_AlsoOnClass
    def register_credential(self, credential: type[CredentialBase]) -> None:
        """Register a class by its `type`, without an entry point."""
        self._registry.register(Provider(self._free_name(credential), credential))

    @_AlsoOnClass
    def get_credential_class(self, type_name: str) -> type[CredentialBase]:
        """The class with this `type`; `SettingsError` lists the known ones."""
        provider = self._registry.by_credential_type(type_name)
        if provider is None:
            raise SettingsError(f"unknown credential type {type_name!r}; there are {', '.join(self._types())}")
        return provider.credential_class()

    @_AlsoOnClass
    def from_dict(self, stored: Mapping[str, Any]) -> CredentialBase:
        """A credential from its stored form (Any: JSON values); `SettingsError` names the field, never its value."""
        try:
            return self._from(stored)
        except SettingsError as error:
            forget_frames(error)  # which hold the fields in clear
            raise
        finally:
            del stored

    def _from(self, stored: object) -> CredentialBase:
        type_name = stored.get("type") if isinstance(stored, Mapping) else None
        if not isinstance(stored, Mapping) or not isinstance(type_name, str):
            raise SettingsError("expected a stored credential with a `type`, such as openai_credential; got none")
        credential: CredentialBase = validated(self.get_credential_class(type_name), dict(stored), type_name)
        return credential

    @_AlsoOnClass
    def list_schemas(self) -> dict[str, dict[str, Any]]:
        """The form schema of every type (Any: JSON Schemas)."""
        classes = (self._registry.get(name).credential_class() for name in self._registry.names())
        return {str(cls.model_fields["type"].default): cls.form_schema() for cls in classes}

    def _free_name(self, credential: type[CredentialBase]) -> str:
        """The class's provider, or its own `type` if that provider has another class already."""
        name = credential.provider_name()
        taken = name in self._registry.names() and self._registry.get(name).credential_class() is not credential
        return str(credential.model_fields["type"].default) if taken else name

    def _types(self) -> list[str]:
        return sorted(self.list_schemas())
