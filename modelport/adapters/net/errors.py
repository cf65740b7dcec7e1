"""Maps transport failures to `ModelConnectionError`."""

from __future__ import annotations

from ...domain.errors import ModelConnectionError
from ...domain.secrets import hide_url_secrets

__all__ = ["connection_error"]


def connection_error(error: Exception, url: str) -> ModelConnectionError:
    """Names the host, the library's reason and what to check."""
    host = (url.split("/")[2] if url.count("/") >= 2 else url).rpartition("@")[2]
    reason = hide_url_secrets(str(error)) or type(error).__name__
    return ModelConnectionError(
        f"no answer from {host}: {reason}; check base_url, network and proxy, and that the server runs"
    )
