"""A server on loopback that refuses what a provider refuses, and the rules that it follows, one set for each API."""

from .apis import APIS, FURTHER_APIS, rules_of, violations_of
from .common import Violation
from .server import StrictServer

__all__ = ["APIS", "FURTHER_APIS", "StrictServer", "Violation", "rules_of", "violations_of"]
