"""What `verify` means, for the libraries that take an SSL context."""

from __future__ import annotations

import ssl
from pathlib import Path

from ...domain.errors import SettingsError

__all__ = ["Verify", "tls_context"]

Verify = bool | str | Path | ssl.SSLContext
"""Whether to check certificates, or a file or folder of authorities, or a context of one's own."""


def tls_context(verify: Verify) -> ssl.SSLContext:
    """The context; building one reads the authorities, so keep it."""
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, bool):
        context = ssl.create_default_context()
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    folder = Path(verify).is_dir()
    try:
        return ssl.create_default_context(cafile=None if folder else verify, capath=verify if folder else None)
    except OSError as error:
        raise SettingsError(f"transport.verify: {verify}: no file of authorities: {error}") from error
