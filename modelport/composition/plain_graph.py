"""A hub's graph in plain Python: what the container builds, without loading dependency-injector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .wiring import NODES, build_node

if TYPE_CHECKING:
    from ..application.model.credential import CredentialBase
    from .container import ModelportContainer
    from .credentials import Credentials
    from .named_models import NamedModels
    from .settings import Settings

__all__ = ["PlainGraph"]

_GIVEN = ("settings", "environment", "find_credential")


class PlainGraph:
    """The shared objects of a hub by the names of their nodes, each built at its first use. The hub locks it.

    Args:
        settings: what the hub is built from.
        environment: where keys are looked up that the settings leave out.
        find_credential: looks credentials up for models.
    """

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], find_credential: Callable[..., object]
    ) -> None:
        self.settings = settings
        self.environment = environment
        self._built: dict[str, Any] = dict(zip(_GIVEN, (settings, environment, find_credential), strict=True))

    def get(self, name: str) -> Any:  # Any: each node has a type of its own
        """The shared object of a node."""
        if name not in self._built:
            self._built[name] = build_node(_node(name), self._built)
        return self._built[name]

    def built(self, name: str) -> Any:  # Any: as above
        """The shared object of a node, `None` for one that was not built."""
        return self._built.get(name)

    def credential(self, name: str | None = None, /, *, provider: str | None = None) -> CredentialBase:
        """A credential, as `Credentials.get` describes it."""
        credentials: Credentials = self.get("credentials")
        return credentials.get(name, provider=provider)

    def models(self, kind: str) -> NamedModels[Any, Any]:  # Any: the models of the kind and their settings
        """The models of a kind."""
        found: NamedModels[Any, Any] = self.get(f"{kind}_models")
        return found

    def give_to(self, container: ModelportContainer) -> None:
        """Let a container go on with all that was built here, so that it hands out the same objects."""
        container.settings.override(self.settings)
        container.environment.override(self.environment)
        for name, value in self._built.items():
            if name not in _GIVEN:
                getattr(container, name).adopt(value)


def _node(name: str) -> Callable[..., Any]:  # Any: as above
    if name in NODES:
        return NODES[name]
    if name == "credentials":
        from .credentials import Credentials

        return Credentials
    from . import named_models

    node: Callable[..., Any] = getattr(named_models, name)
    return node
