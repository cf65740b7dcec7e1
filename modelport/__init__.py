"""One neutral model layer over every provider's own wire protocol, without vendor SDKs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .composition.defaults import install as _install_default_runtime
from .domain.ids import set_id_factory, set_timestamp_factory

if TYPE_CHECKING:
    from .composition.hub import Modelport

__version__ = "0.1.0"
__all__ = ["Modelport", "__version__", "set_id_factory", "set_timestamp_factory"]

_install_default_runtime()


def __getattr__(name: str) -> Any:  # Any: whatever is exported under the name
    if name == "Modelport":
        from .composition.hub import Modelport

        return Modelport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
