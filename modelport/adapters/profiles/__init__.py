"""Providers that are only data: a folder for each, with `provider.yaml` and its cards in `_models`."""

from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["FOLDER"]

FOLDER: Traversable = files(__name__)
"""Where the providers' folders are, which may be in a zip file."""
