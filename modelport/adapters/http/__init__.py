"""HTTP transports over aiohttp, httpx and httpx2, and what they share: proxies, connections, limits of size."""
