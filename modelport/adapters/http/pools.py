"""The pools of httpcore and httpcore2: they know the protocols of proxies, and HTTP/2."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from ...domain.errors import SettingsError
from .proxies import is_socks

__all__ = ["Pools"]


class Pools:
    """One pool for each proxy, kind of connection and protocol (Any: objects of libraries that are loaded late).

    Args:
        module: httpx or httpx2.
        core: the library below it.
        tls: makes the context for https.
        options: arguments of every pool.
    """

    def __init__(self, module: Any, core: Any, tls: Callable[[], Any], **options: Any) -> None:
        self._module, self._core, self._tls, self._options = module, core, tls, options
        self._pools: dict[object, Any] = {}

    def get(self, proxy: Any, *, secure: bool, http2: bool = False) -> Any:
        """The pool; `proxy` is a URL, the library's `Proxy` or `None`. Raises `SettingsError` for one not supported."""
        pool = self._pools.get((proxy, secure, http2))
        if pool is None:
            pool = self._pools[proxy, secure, http2] = self._made(proxy, secure, http2)
        return pool

    async def aclose(self) -> None:
        """Close every pool."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _made(self, proxy: Any, secure: bool, http2: bool) -> Any:
        core = self._core
        options = {"ssl_context": self._tls() if secure else None, "http2": http2, **self._options}
        if proxy is None:
            return core.AsyncConnectionPool(**options)
        if isinstance(proxy, str):
            proxy = self._module.Proxy(url=proxy)
        url = core.URL(
            scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=proxy.url.raw_path
        )
        if is_socks(proxy.url.scheme):
            self._check_socks(proxy.url.scheme)
            return core.AsyncSOCKSProxy(url, proxy_auth=proxy.raw_auth, **options)
        inner = proxy.ssl_context or (self._tls() if proxy.url.scheme == "https" else None)
        return core.AsyncHTTPProxy(
            url, proxy_auth=proxy.raw_auth, proxy_headers=proxy.headers.raw, proxy_ssl_context=inner, **options
        )

    def _check_socks(self, scheme: str) -> None:
        if scheme not in ("socks5", "socks5h"):
            raise SettingsError(f"the proxy's scheme is {scheme}; of SOCKS only version 5 can be used, as socks5://")
        try:
            importlib.import_module("socksio")
        except ImportError as error:
            name = self._module.__name__
            raise SettingsError(f"a SOCKS proxy needs a further package: pip install '{name}[socks]'") from error
