"""The options in a database URL's query: translated from the words of PostgreSQL's own clients, or refused.

Needs no package, so that settings can be checked where they are read.

Facts: docs/protocols/transport.md#database-urls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...domain.errors import SettingsError

__all__ = ["DRIVERS", "check_url_options", "driver_options"]

DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "postgres": "asyncpg"}
"""The databases that can be used, each with its asynchronous driver."""
_FORMS = "write sqlite+aiosqlite:///path/to/file.db or postgresql+asyncpg://user@host/database"
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OF_THE_SERVICE = frozenset(
    {"sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "ssl_min_protocol_version"}
    | {"ssl_max_protocol_version", "target_session_attrs", "passfile", "krbsrvname", "application_name", "options"}
    | {"search_path", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone"}
)
"""Names that asyncpg reads in a URL of its own, settings of the server included."""
_NUMBERS: Mapping[str, tuple[str, Callable[[str], float]]] = {
    "connect_timeout": ("timeout", float),
    "timeout": ("timeout", float),
    "command_timeout": ("command_timeout", float),
    "statement_cache_size": ("statement_cache_size", int),
    "prepared_statement_cache_size": ("prepared_statement_cache_size", int),
    "max_cached_statement_lifetime": ("max_cached_statement_lifetime", int),
    "max_cacheable_statement_size": ("max_cacheable_statement_size", int),
}
"""Names and types of the driver's own options, by their names in a URL."""
_SQLITE = {"mode": ("ro", "rw", "rwc"), "immutable": ("0", "1")}


def check_url_options(url: str, subject: str) -> None:
    """Raise `SettingsError` for another database and for an option that cannot be used.

    `subject` is what the error is about.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SettingsError(f"{subject}'s url is not a database URL") from error
    backend, _, driver = parts.scheme.partition("+")
    if not parts.scheme or "://" not in url:
        raise SettingsError(f"{subject}'s url is not a database URL; {_FORMS}")
    if backend not in DRIVERS or driver not in ("", DRIVERS[backend]):
        raise SettingsError(f"{subject} cannot be {parts.scheme!r}; {_FORMS}")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    driver_options(backend, query, parts.path.lstrip("/").startswith("file:"), subject)


def driver_options(backend: str, query: Mapping[str, Any], file_url: bool, subject: str) -> dict[str, Any]:
    """The arguments of the driver's `connect` for the options of a URL (Any: text, or several texts).

    For SQLite these are `timeout`, `mode` and `immutable`. Options of SQLite's own `file:` URLs are not examined.

    Raises `SettingsError` with the option's name, and never its value, which may be a password.
    """
    if backend == "sqlite" and file_url:
        return {}
    take = _sqlite_option if backend == "sqlite" else _postgres_option
    arguments: dict[str, Any] = {}  # Any: the driver's types
    for name, value in query.items():
        if not isinstance(value, str):
            raise SettingsError(f"{subject}'s url has the option {name} more than once")
        take(name, value, arguments, subject)
    asked = arguments.pop("dsn", None)
    if asked:
        arguments["dsn"] = "postgresql://?" + urlencode(asked)
    return arguments


def _postgres_option(name: str, value: str, arguments: dict[str, Any], subject: str) -> None:
    if name in ("sslmode", "ssl"):
        mode = "require" if name == "ssl" and value.lower() in ("true", "1") else value
        if mode not in _MODES:
            raise SettingsError(f"{subject}'s url has an unknown {name}; write one of {', '.join(_MODES)}")
        arguments.setdefault("dsn", {})["sslmode"] = mode
    elif name in _OF_THE_SERVICE:
        arguments.setdefault("dsn", {})[name] = value
    elif name in _NUMBERS:
        target, kind = _NUMBERS[name]
        arguments[target] = _number(name, value, kind, subject)
    elif name != "channel_binding" or value == "require":
        reason = "asyncpg, the driver, has no channel binding" if name == "channel_binding" else "it is not known"
        raise SettingsError(f"{subject}'s url has the option {name}, which cannot be used: {reason}; remove it")


def _sqlite_option(name: str, value: str, arguments: dict[str, Any], subject: str) -> None:
    if name == "timeout":
        arguments[name] = _number(name, value, float, subject)
    elif value in _SQLITE.get(name, ()):
        arguments[name] = value
    else:
        known = "mode=ro, mode=rw, mode=rwc, immutable=1 and timeout"
        raise SettingsError(f"{subject}'s url has an option {name} that cannot be used; SQLite takes {known}")


def _number(name: str, value: str, kind: Callable[[str], float], subject: str) -> float:
    try:
        number = kind(value)
    except ValueError:
        number = -1
    if not 0 <= number < 1e9:
        raise SettingsError(f"{subject}'s url has an option {name} that is not a number of at least 0")
    return number
