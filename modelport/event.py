"""The events of a reply; their tree is drawn in `modelport.domain.events`."""

from .domain.events import *  # noqa: F403
from .domain.events import __all__ as __all__
