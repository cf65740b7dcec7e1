"""Maps transport failures to `ModelConnectionError`."""

from __future__ import annotations

import re
from typing import TypeVar

from ...domain.errors import ModelConnectionError
from ...domain.secrets import hide_url_secrets

__all__ = ["connection_error", "without_frames"]

_TLS_SETTINGS = re.compile(r" ssl:(?:<[^<>]*>|\w+)(?= \[)")
"""What aiohttp writes of its TLS settings into an error: an object's address, which says nothing."""

ErrorT = TypeVar("ErrorT", bound=BaseException)


def connection_error(error: Exception, url: str) -> ModelConnectionError:
    """Names the host, the library's reason and what to check. The library's error loses its frames."""
    host = (url.split("/")[2] if url.count("/") >= 2 else url).rpartition("@")[2]
    reason = hide_url_secrets(_TLS_SETTINGS.sub("", str(error))) or type(error).__name__
    without_frames(error)
    return ModelConnectionError(
        f"no answer from {host}: {reason}; check base_url, network and proxy, and that the server runs"
    )


def without_frames(error: ErrorT) -> ErrorT:
    """The error, and those that led to it, without their tracebacks.

    The frames of HTTP libraries hold all headers, hence the key, in local variables, and programs that report crashes
    print those.
    """
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = None
        pending += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            pending += each.exceptions
    return error
