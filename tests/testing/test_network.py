"""The guard against the network sees every way out that Python's sockets have."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
import pytest
from websockets.asyncio.client import connect

from modelport.credential import OpenAICredential
from modelport.message import UserMsg
from modelport.model import OpenAIChatModel
from modelport.testing import NetworkForbiddenError, ScriptedAnswer, ScriptedServer, forbid_network
from modelport.transport import AiohttpTransport, HttpTransport, HttpxTransport


async def by_httpx(host: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"http://{host}/")


async def by_aiohttp(host: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"http://{host}/"):
        pass


async def by_websocket(host: str) -> None:
    async with connect(f"ws://{host}/", proxy=None):
        pass


async def by_asyncio(host: str) -> None:
    await asyncio.open_connection(host, 80)


async def by_datagram(host: str) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(host, 53))


async def in_a_thread(host: str) -> None:
    with socket.socket() as sock:
        await asyncio.to_thread(sock.connect, (host, 80))


WAYS = [by_httpx, by_aiohttp, by_websocket, by_asyncio, by_datagram, in_a_thread]


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com"])
@pytest.mark.parametrize("way", WAYS)
async def test_no_way_leads_out(way: Callable[[str], Awaitable[None]], host: str) -> None:
    with forbid_network(), pytest.raises((NetworkForbiddenError, ExceptionGroup)) as caught:
        await way(host)
    error: BaseException = caught.value
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, NetworkForbiddenError) and host in str(error)


def test_a_datagram_to_an_address() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, forbid_network():
        with pytest.raises(NetworkForbiddenError):
            sock.sendto(b"x", ("192.0.2.1", 53))
        sock.sendto(b"x", ("127.0.0.1", 9))


async def test_this_machine_is_reached() -> None:
    answers = [ScriptedAnswer.json({})] * 2
    with forbid_network():
        async with ScriptedServer(answers) as server, httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(server.base_url)).status_code == 200
            assert (await client.get(server.base_url.replace("127.0.0.1", "localhost"))).status_code == 200


@pytest.mark.parametrize("transport", [HttpxTransport, AiohttpTransport])
async def test_a_model_does_not_take_it_for_a_failed_connection(transport: Callable[[], HttpTransport]) -> None:
    """Else it would be retried, and a fallback would hide it."""
    model = OpenAIChatModel(OpenAICredential(api_key="sk-secret-key-PlantedWord7"), "gpt-4.1", transport=transport())
    with forbid_network(), pytest.raises(NetworkForbiddenError, match=r"api\.openai\.com"):
        await model([UserMsg("user", "Hello")])


def test_afterwards_everything_is_as_before() -> None:
    before = socket.socket.connect, socket.socket.sendto, socket.getaddrinfo
    with pytest.raises(ZeroDivisionError), forbid_network():
        raise ZeroDivisionError
    assert before == (socket.socket.connect, socket.socket.sendto, socket.getaddrinfo)


@pytest.mark.parametrize("name", ["gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn"])
def test_no_lookup_asks_another_machine(name: str) -> None:
    with forbid_network(), pytest.raises(NetworkForbiddenError, match="example"):
        getattr(socket, name)("host.example")
    with forbid_network():
        assert getattr(socket, name)("localhost")


def test_an_address_has_no_name_beyond_this_machine() -> None:
    with forbid_network():
        with pytest.raises(NetworkForbiddenError):
            socket.getnameinfo(("192.0.2.1", 80), 0)
        assert socket.getnameinfo(("192.0.2.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0] == "192.0.2.1"


def test_a_message_of_several_buffers() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, forbid_network():
        with pytest.raises(NetworkForbiddenError):
            sock.sendmsg([b"x"], [], 0, ("192.0.2.1", 53))
        sock.sendmsg([b"x"], [], 0, ("127.0.0.1", 9))


def test_guards_that_overlap_end_with_the_last() -> None:
    before = socket.socket.connect, socket.getaddrinfo
    first, second = forbid_network(), forbid_network()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(NetworkForbiddenError):
        socket.getaddrinfo("host.example", 80)
    second.__exit__(None, None, None)
    assert before == (socket.socket.connect, socket.getaddrinfo)


def test_loopback_is_loopback_however_written() -> None:
    with socket.socket(socket.AF_INET6) as sock, forbid_network():
        assert sock.connect_ex(("::ffff:127.0.0.1", 1))
