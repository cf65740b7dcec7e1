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
        source: where the settings were read, for errors.
    """

    def __init__(
        self,
        kind: str,
        entry: type[S],
        named: Mapping[str, S],
        default: str | None,
        build: Callable[[S], M],
        source: str = "",
    ) -> None:
        self._kind = kind
        self._entry = entry
        self._named = named
        self._default = default
        self._build = build
        self._place = f"{source}: " if source else ""
        self._built: dict[str, M] = {}

    def get(self, name: str | None) -> M:
        """The model of that name, without one the default; `SettingsError` says what is wrong and what there is."""
        wanted = name or self._default_name()
        if wanted not in self._built:
            try:
                self._built[wanted] = self._build(self._settings(wanted))
            except (InvalidRequestError, SettingsError) as error:
                raise SettingsError(f"{self._where(name, wanted)}{error}") from error
        return self._built[wanted]

    def _where(self, given: str | None, name: str) -> str:
        """The place in the settings that a mistake is in, if it is in the settings."""
        if name in self._named:
            return f"{self._place}{self._kind}.{name}: "
        return "" if given else f"{self._place}default_{self._kind}: "

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
                raise SettingsError("name a `provider` or a `credential`")
            return settings
        provider, slash, model = name.partition("/")
        if slash and model:
            return self._entry(provider=provider, model=model)
        known = ", ".join(self._named) or "none is configured"
        raise SettingsError(f"no {self._kind} model is called {name!r}; there are: {known}; or write provider/model")
