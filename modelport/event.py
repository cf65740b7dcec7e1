"""The events of a reply; their tree is drawn in `modelport.domain.message.events`."""

from .domain.message.events import *  # noqa: F403
from .domain.message.events import __all__ as __all__
