"""A hub's credentials: each is built once, by its name in the settings or as a provider's default one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..domain.errors import SettingsError, forget_frames
from .builders import build_credential
from .settings_file import provider_fault

if TYPE_CHECKING:
    from ..application.model.credential import CredentialBase
    from .providers.registry import ProviderRegistry
    from .settings import Settings

__all__ = ["Credentials"]


class Credentials:
    """Credentials by name.

    Args:
        settings: names them under `credentials`.
        registry: the providers that they are for.
        environment: where keys are looked up that the settings leave out.
    """

    def __init__(self, settings: Settings, registry: ProviderRegistry, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._registry = registry
        self._environment = environment
        self._built: dict[str, CredentialBase] = {}

    def get(self, name: str | None = None, /, *, provider: str | None = None) -> CredentialBase:
        """A credential; `SettingsError` for an unknown name, and for fields that its class does not accept.

        Args:
            name: a name under `credentials`, or a provider's name.
            provider: without a name: the credential called like this provider, else the provider's default one. With
                a name, it must be the credential's own.
        """
        fault = provider_fault(self._settings, name, provider)
        if fault:
            raise SettingsError(f"provider: {fault}")
        wanted = name or provider or ""
        if wanted not in self._built:
            fields = self._settings.credentials.get(wanted)
            if fields is None and name:
                self._check_known(name)
            try:
                self._built[wanted] = build_credential(wanted, fields, self._registry, self._environment)
            except SettingsError as error:
                forget_frames(error)  # which hold the fields in clear
                raise
        return self._built[wanted]

    def _check_known(self, name: str) -> None:
        try:
            self._registry.get(name)
        except SettingsError as error:
            names = ", ".join(self._settings.credentials)
            named = f"there are: {names}" if names else "the settings have none"
            raise SettingsError(f"no credential is called {name!r}; {named}; and {error}") from error
