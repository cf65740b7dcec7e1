"""What `verify` means, in one way for every library that takes an SSL context."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from ...domain.errors import SettingsError

__all__ = ["LazyContext", "Verify", "tls_context"]

Verify = bool | str | Path | ssl.SSLContext
"""Whether to check certificates, or a file or folder of authorities, or a context of one's own."""

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


def tls_context(verify: Verify) -> ssl.SSLContext:
    """The context; building one reads the authorities, so keep it.

    The authorities are those of `SSL_CERT_FILE` and `SSL_CERT_DIR` where one is set, else the system's and certifi's.
    Raises `SettingsError` for a file that cannot be read, or a `SSLKEYLOGFILE` that cannot be written.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, bool):
        return _usual_context(verify)
    folder = Path(verify).is_dir()
    try:
        return ssl.create_default_context(cafile=None if folder else verify, capath=verify if folder else None)
    except OSError as error:
        raise SettingsError(f"transport.verify: {verify}: expected a file or folder of authorities: {error}") from error


class LazyContext:
    """Makes a context at the first https request, since it takes some 30 ms. What can be wrong is made at once.

    Args:
        verify: as for `tls_context`.
        certificate: the client's own, as arguments of `load_cert_chain`, or the name of its file.
    """

    def __init__(self, verify: Verify = True, certificate: str | tuple[str, ...] | None = None) -> None:
        self._verify = verify
        self._certificate = (certificate,) if isinstance(certificate, str) else certificate
        self._context = None if isinstance(verify, bool) and certificate is None else self._made()

    def get(self) -> ssl.SSLContext:
        """The context."""
        if self._context is None:
            self._context = self._made()
        return self._context

    def _made(self) -> ssl.SSLContext:
        context = tls_context(self._verify)
        if self._certificate:
            context.load_cert_chain(*self._certificate)
        return context


def _usual_context(verify: bool) -> ssl.SSLContext:
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    try:
        context = ssl.create_default_context(cafile=file or None, capath=folder or None)
        if verify and not file and not folder:
            _add_certifi(context)
    except OSError as error:
        named = ", ".join(name for name in _VARIABLES if os.environ.get(name))
        raise SettingsError(f"TLS cannot be set up: {error}; check the environment's {named or 'files'}") from error
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _add_certifi(context: ssl.SSLContext) -> None:
    """Containers often have no authorities of their own."""
    try:
        import certifi
    except ImportError:
        return
    context.load_verify_locations(certifi.where())
