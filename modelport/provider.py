"""Providers: what an entry point of the group `modelport.providers` returns."""

from .composition.registry import ENTRY_POINT_GROUP, Provider, ProviderRegistry

__all__ = ["ENTRY_POINT_GROUP", "Provider", "ProviderRegistry"]
