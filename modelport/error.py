"""Every error that leaves this package; the tree is drawn in `modelport.domain.errors`."""

from .domain.errors import *  # noqa: F403
from .domain.errors import __all__ as __all__
