"""Providers that are only data: a folder for each, with `provider.yaml` and its cards in `_models`."""

from pathlib import Path

__all__ = ["FOLDER"]

FOLDER = Path(__file__).parent
"""Where the providers' folders are."""
