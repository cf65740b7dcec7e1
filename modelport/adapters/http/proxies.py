"""The environment's proxies, read in one way for every transport. Facts: docs/protocols/transport.md#proxies.

An entry of `NO_PROXY` is `*`, a host, which stands for its subdomains too, an address or a network, each with or
without a port. What cannot be understood is ignored, since other programs read the same variable.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from ...domain.errors import SettingsError

__all__ = ["EnvironmentProxies", "checked_proxy", "is_socks"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEMES = ("http", "https", "socks5", "socks5h", "socks4", "socks4a")


class EnvironmentProxies:
    """Finds the proxy of a URL; the environment is read once per host."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def find(self, url: str) -> str | None:
        """The proxy's URL, or `None`. Raises `SettingsError` when the environment names one that cannot be used."""
        origin = "/".join(url.split("/", 3)[:3])
        if origin not in self._known:
            self._known[origin] = _lookup(origin)
        return self._known[origin]


def checked_proxy(value: str, source: str = "proxy") -> str:
    """The proxy's URL. Raises `SettingsError`, which names the source but not the value, where it cannot be used."""
    url = value.strip()
    try:
        parts = urlsplit(url)
        usable = parts.scheme.lower() in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(sign.isspace() for sign in url):
        raise SettingsError(f"{source}: expected the URL of a proxy, like http://host:8080 or socks5://host:1080")
    return url


def is_socks(proxy: str | None) -> bool:
    """Whether a proxy speaks SOCKS."""
    return bool(proxy) and str(proxy).lower().startswith("socks")


def _lookup(origin: str) -> str | None:
    from urllib.request import getproxies  # slow to import

    proxies = getproxies()
    parts = urlsplit(origin)
    name = parts.scheme if proxies.get(parts.scheme) else "all"
    proxy = proxies.get(name)
    if not proxy or _bypassed(parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0), proxies, origin):
        return None
    proxy = proxy.strip()
    return checked_proxy(proxy if "://" in proxy else f"http://{proxy}", f"the environment's {name.upper()}_PROXY")


def _bypassed(host: str, port: int, proxies: dict[str, str], origin: str) -> bool:
    listed = proxies.get("no")
    if listed is None:  # the settings of macOS and Windows have lists of their own
        from urllib.request import proxy_bypass

        return bool(proxy_bypass(urlsplit(origin).netloc.rpartition("@")[2]))
    return any(_matches(entry.strip().lower(), host, port) for entry in listed.split(","))


def _matches(entry: str, host: str, port: int) -> bool:
    entry = entry.partition("://")[2] or entry
    if entry == "*":
        return True
    name, wanted = _split_port(entry)
    if not name or (wanted and wanted != str(port)):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        name = name.removeprefix("*").strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
    try:
        return address in ip_network(name, strict=False)
    except ValueError:
        return False


def _split_port(entry: str) -> tuple[str, str]:
    """Host and port of `host`, `host:port`, `::1`, `[::1]` and `[::1]:port`; the port may be empty."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = entry.partition(":")
    return (entry, "") if ":" in port else (name, port)
