"""The models of one kind in a hub: each is built once, by its name in the settings or as `provider/model`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from ..domain.errors import InvalidRequestError, SettingsError
from .settings import ModelSettings

__all__ = ["NamedModels"]

S = TypeVar("S", bound=ModelSettings)
M = TypeVar("M")


class NamedModels(Generic[S, M]):
    """Models by name.

    Args:
        kind: the key in the settings: `chat`, `embedding` or `tts`.
        entry: the class of what is below it, to make one for `provider/model`.
        named, default: the settings by name, and the name to take when none is given.
        build: makes the model.
    """

    def __init__(
        self, kind: str, entry: type[S], named: Mapping[str, S], default: str | None, build: Callable[[S], M]
    ) -> None:
        self._kind = kind
        self._entry = entry
        self._named = named
        self._default = default
        self._build = build
        self._built: dict[str, M] = {}

    def get(self, name: str | None) -> M:
        """The model of that name, without one the default; `SettingsError` says what is wrong and what there is."""
        name = name or self._default_name()
        if name not in self._built:
            settings = self._settings(name)
            try:
                self._built[name] = self._build(settings)
            except InvalidRequestError as error:
                raise SettingsError(f"{self._kind}.{name}: {error}") from error
        return self._built[name]

    def _default_name(self) -> str:
        if self._default:
            return self._default
        if len(self._named) == 1:
            return next(iter(self._named))
        known = list(self._named) or "(none is configured)"
        raise SettingsError(f"which {self._kind} model? name one of {known}, or set default_{self._kind}")

    def _settings(self, name: str) -> S:
        """The settings of that name, or those of a name like `provider/model`."""
        if name in self._named:
            settings = self._named[name]
            if not settings.credential and not settings.provider:
                raise SettingsError(f"{self._kind}.{name}: name a `provider` or a `credential`")
            return settings
        provider, slash, model = name.partition("/")
        if slash and model:
            return self._entry(provider=provider, model=model)
        known = ", ".join(self._named) or "none is configured"
        raise SettingsError(f"no {self._kind} model is called {name!r}; there are: {known}; or write provider/model")
