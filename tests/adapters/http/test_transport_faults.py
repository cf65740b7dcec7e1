"""One list of faults for every transport: no sibling differs."""

from __future__ import annotations

import asyncio
import base64
import gc
import io
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.traceback import Traceback

from modelport.credential import OllamaCredential, OpenAICredential
from modelport.error import InvalidRequestError, ModelConnectionError, ModelError, ModelTimeoutError, SettingsError
from modelport.message import UserMsg
from modelport.model import OllamaChatModel, OpenAIChatModel
from modelport.ports.http import HttpRequest, HttpTransport
from modelport.testing import NetworkForbiddenError
from modelport.testing.servers.http import ScriptedAnswer, ScriptedServer
from modelport.transport import Timeouts
from tests.adapters.http.servers import BUILD, RawServer, answer, ask, raw_server

PEM = Path(__file__).parents[1] / "media" / "media_example.pem"
KEY = "sk-PLANTED-0123456789-PlantedWord7"
HELLO = [UserMsg("user", "Hello")]


@pytest.fixture(params=BUILD)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def build(name: str) -> Callable[..., HttpTransport]:
    return BUILD[name]


@pytest.fixture
async def transport(build: Callable[..., HttpTransport]) -> AsyncIterator[HttpTransport]:
    made = build()
    yield made
    await made.aclose()


def post(url: str, **headers: str) -> HttpRequest:
    return HttpRequest("POST", url, headers, b"{}")


class TestNothingIsHandedOver:
    async def test_a_cookie_is_not_kept(self, transport: HttpTransport) -> None:
        async with raw_server(answer(b"1", "set-cookie: session=of-key-A; Path=/")) as server:
            for key in ("A", "B"):
                await ask(transport, post(server.url(), authorization=f"Bearer {key}"))
        assert [("cookie:" in head.lower()) for head in server.heads] == [False, False]

    async def test_bytes_behind_an_answer_close_its_connection(self, transport: HttpTransport) -> None:
        async with raw_server(answer(b"first") + answer(b"of another caller"), answer(b"second")) as server:
            assert await ask(transport, post(server.url())) == b"first"
            assert await ask(transport, post(server.url())) == b"second"
            assert server.connections == 2

    @pytest.mark.parametrize("surplus", [b"\r\n", b"x", b"\0" * 70_000, b"HTTP/1.1 200 OK\r\n", answer(b"") * 3])
    async def test_whatever_they_are_the_next_answer_is_right(self, transport: HttpTransport, surplus: bytes) -> None:
        async with raw_server(answer(b"first") + surplus, answer(b"second")) as server:
            with suppress(ModelConnectionError):  # where the library reads on at once
                assert await ask(transport, post(server.url())) == b"first"
            assert await ask(transport, post(server.url())) == b"second"

    @pytest.mark.parametrize("surplus", [answer(b"of another caller"), b"HTTP/1.1 200 OK\r\nx-a: ", b"x", b"\r\n"])
    async def test_so_do_bytes_that_come_before_the_next_request(
        self, transport: HttpTransport, surplus: bytes
    ) -> None:
        async with raw_server(answer(b"first"), answer(b"second")) as server:
            assert await ask(transport, post(server.url())) == b"first"
            server.writers[0].write(surplus)
            await asyncio.sleep(0.1)
            assert await ask(transport, post(server.url())) == b"second"
            assert server.connections == 2

    @pytest.mark.parametrize("chunked", [True, False])
    async def test_so_do_bytes_in_the_packet_of_the_end_of_a_stream(
        self, transport: HttpTransport, chunked: bool
    ) -> None:
        """The end of a body frees its connection, before what follows it in the packet is read."""
        length = "transfer-encoding: chunked" if chunked else "content-length: 8"
        begin, end = (b"4\r\nfirs\r\n", b"4\r\nt!!!\r\n0\r\n\r\n") if chunked else (b"firs", b"t!!!")
        head = f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode()
        async with raw_server(head + begin, answer(b"second")) as server:
            response = await transport.send(post(server.url()))
            pieces = aiter(response)
            assert await anext(pieces) == b"firs"
            server.writers[0].write(end + answer(b"of another caller"))
            assert b"".join([data async for data in pieces]) == b"t!!!"
            await response.aclose()
            assert await ask(transport, post(server.url())) == b"second"
            assert server.connections == 2

    async def test_surplus_over_tls(self, build: Callable[..., HttpTransport]) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEM)
        transport = build(verify=False)
        async with raw_server(answer(b"first") + answer(b"foreign"), answer(b"second"), context=context) as server:
            assert await ask(transport, post(server.url("https"))) == b"first"
            assert await ask(transport, post(server.url("https"))) == b"second"
        await transport.aclose()

    async def test_a_key_goes_before_a_login_in_the_url(self, transport: HttpTransport) -> None:
        async with raw_server(answer(b"1")) as server:
            url = server.url().replace("//", "//me:pass%40word@")
            await ask(transport, post(url, authorization=f"Bearer {KEY}"))
            await ask(transport, post(url))
        login = base64.b64encode(b"me:pass@word").decode()
        sent = [
            line for head in server.heads for line in head.split("\r\n") if line.lower().startswith("authorization")
        ]
        assert [line.split(": ")[1] for line in sent] == [f"Bearer {KEY}", f"Basic {login}"]
        assert all(
            "@" not in head.split("\r\n\r\n")[0].split("authorization")[0].split("\r\n")[0] for head in server.heads
        )


class TestNoKeyInATraceback:
    def shown(self, error: BaseException) -> str:
        written = io.StringIO()
        shown = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
        Console(file=written, width=200).print(shown)
        return written.getvalue()

    def model(self, transport: HttpTransport, url: str, **options: Any) -> OpenAIChatModel:
        credential = OpenAICredential(api_key=KEY, base_url=url)
        return OpenAIChatModel(credential, "m", transport=transport, max_retries=0, stream=False, **options)

    async def test_where_nothing_listens(self, transport: HttpTransport) -> None:
        async with raw_server(answer(b"1")) as server:
            pass
        with pytest.raises(ModelConnectionError) as caught:
            await self.model(transport, server.url())(HELLO)
        assert KEY not in self.shown(caught.value)

    async def test_where_the_answer_breaks_off(self, transport: HttpTransport) -> None:
        async with raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", close=True) as server:
            with pytest.raises(ModelError) as caught:
                await self.model(transport, server.url())(HELLO)
        assert KEY not in self.shown(caught.value)

    async def test_where_the_answer_is_not_http(self, transport: HttpTransport) -> None:
        async with raw_server(b"nonsense\r\n\r\n", close=True) as server:
            with pytest.raises(ModelError) as caught:
                await self.model(transport, server.url())(HELLO)
        assert KEY not in self.shown(caught.value)

    async def test_where_a_clock_runs_out(self, transport: HttpTransport) -> None:
        async with raw_server(b"") as server:
            with pytest.raises(ModelTimeoutError) as caught:
                await self.model(transport, server.url(), timeouts=Timeouts(first_event=0.1))(HELLO)
        assert KEY not in self.shown(caught.value)

    async def test_where_the_call_is_cancelled(self, transport: HttpTransport) -> None:
        async with raw_server(b"") as server:
            call = asyncio.create_task(self.model(transport, server.url())(HELLO))
            await asyncio.wait_for(server.asked.wait(), 30)
            call.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await call
        assert KEY not in self.shown(caught.value)

    @pytest.mark.parametrize("value", ["Bearer {key}\n", "Bearer {key}\r\nx: y", " {key}", "{key}\0", "{key}é"])
    async def test_where_the_header_cannot_be_sent(self, transport: HttpTransport, value: str) -> None:
        with pytest.raises(InvalidRequestError, match="authorization") as caught:
            await ask(transport, post("http://127.0.0.1:9", authorization=value.format(key=KEY)))
        assert KEY not in str(caught.value)


class TestConnections:
    @pytest.mark.parametrize("how", ["clock", "cancel"])
    async def test_an_unfinished_handshake_closes_its_socket(self, transport: HttpTransport, how: str) -> None:
        silent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _SILENT, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.PIPE
        )
        assert silent.stdout is not None and silent.stdin is not None
        url = f"https://127.0.0.1:{int(await silent.stdout.readline())}"
        gc.collect()
        before = _sockets()
        for _ in range(5):
            connect = 0.05 if how == "clock" else 30
            model = OpenAIChatModel(
                OpenAICredential(api_key=KEY, base_url=url),
                "m",
                transport=transport,
                max_retries=0,
                timeouts=Timeouts(connect=connect),
            )
            with pytest.raises((ModelTimeoutError, TimeoutError)):
                async with asyncio.timeout(0.05 if how == "cancel" else None):
                    await model(HELLO)
        await asyncio.sleep(0.05)
        assert _sockets() == before
        silent.stdin.close()
        await silent.wait()

    async def test_hundreds_of_calls_at_once(self, transport: HttpTransport) -> None:
        async def slow(_: object) -> bytes:
            return await ask(transport, post(server.base_url))

        async with ScriptedServer(lambda request: ScriptedAnswer.json(1)) as server:
            for _ in range(2):
                assert await asyncio.gather(*map(slow, range(300))) == [b"1"] * 300

    async def test_interim_answers_are_skipped(self, transport: HttpTransport) -> None:
        interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
        async with raw_server(interim + answer(b"done")) as server:
            assert await ask(transport, post(server.url())) == b"done"

    async def test_a_refusal_that_comes_before_the_body_was_read(self, transport: HttpTransport) -> None:
        class Refusing(RawServer):
            async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer(b"too large", "connection: close", status="413 Too Large"))
                await asyncio.sleep(0.2)

        async with raw_server(kind=Refusing) as server:
            response = await transport.send(HttpRequest("POST", server.url(), {}, b"x" * 20_000_000))
            assert response.status == 413
            await response.aclose()


class TestOnlyOurErrors:
    @pytest.mark.parametrize("name", ["httpx", "httpx2"])
    async def test_http2_without_its_package_is_explained(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("modelport.adapters.http.httpx.find_spec", lambda package: None)
        with pytest.raises(SettingsError, match=rf"pip install '{name}\[http2\]'"):
            await BUILD[name](http2=True).send(post("http://127.0.0.1:9"))

    @pytest.mark.parametrize("name", ["httpx", "httpx2"])
    async def test_a_server_without_http2(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """There the library's own pool keeps the connections, and what is true of ours is true of them."""
        monkeypatch.setattr("modelport.adapters.http.httpx.find_spec", lambda package: package)
        transport = BUILD[name](http2=True)
        connected: list[bool] = []
        async with raw_server(answer(b"1"), answer(b"2") + answer(b"foreign"), answer(b"3")) as server:
            answers = []
            for _ in range(3):
                response = await transport.send(post(server.url()), lambda: connected.append(True))
                answers.append(b"".join([data async for data in response]))
                await response.aclose()
            assert (answers, server.connections, connected) == ([b"1", b"2", b"3"], 2, [True] * 3)
        await transport.aclose()

    @pytest.mark.parametrize("name", ["httpx", "httpx2"])
    async def test_cookies_are_refused(self, name: str) -> None:
        with pytest.raises(SettingsError, match="cookies"):
            await BUILD[name](cookies={"a": "b"}).send(post("http://127.0.0.1:9"))

    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1:99999", "http://[::1", "http://", "ftp://host/", "http://host:0", "http://a:b", "file:///x"],
    )
    async def test_urls_to_which_nothing_can_be_sent(self, transport: HttpTransport, url: str) -> None:
        with pytest.raises(InvalidRequestError, match="base_url"):
            await ask(transport, post(url, authorization=KEY))

    @pytest.mark.parametrize("host", ["a" * 70, "x..y", "ex ample", "é" * 70, "%zz", "a_b.invalid"])
    async def test_hosts_that_cannot_be(self, transport: HttpTransport, host: str) -> None:
        with pytest.raises((ModelError, NetworkForbiddenError)):
            await ask(transport, post(f"http://{host}.invalid/v1"))

    @pytest.mark.parametrize("code", ["99", "1000", "abc", ""])
    async def test_status_lines_that_cannot_be(self, transport: HttpTransport, code: str) -> None:
        async with raw_server(f"HTTP/1.1 {code} X\r\ncontent-length: 0\r\n\r\n".encode(), close=True) as server:
            try:
                response = await asyncio.wait_for(transport.send(post(server.url())), 20)
            except ModelError:
                return
            await response.aclose()

    async def test_a_redirect_says_where_to(self, transport: HttpTransport) -> None:
        moved = answer(b"", "location: https://me:pw@elsewhere.example/v2?sig=secret", status="308 Permanent Redirect")
        async with raw_server(moved) as server:
            model = OllamaChatModel(OllamaCredential(host=server.url()), "m", transport=transport, max_retries=0)
            with pytest.raises(ModelError, match=r"https://elsewhere\.example/v2,") as caught:
                await model(HELLO)
        assert "secret" not in str(caught.value) and "pw" not in str(caught.value)


class TestEnvironment:
    async def test_the_environments_proxy_and_its_exceptions(
        self, build: Callable[..., HttpTransport], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _clear(monkeypatch)
        async with raw_server(answer(b"proxied")) as proxy, raw_server(answer(b"direct")) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url().replace("//", "//me:word@"))
            assert await ask(build(), post("http://far.invalid/v1")) == b"proxied"
            assert proxy.heads[0].startswith("POST http://far.invalid/v1 ")
            assert "proxy-authorization: basic bwu6d29yza==" in proxy.heads[0].lower()
            for listed in ("*", "127.0.0.1", f"x,127.0.0.1:{server.port}", "127.0.0.0/8", "http://127.0.0.1"):
                monkeypatch.setenv("NO_PROXY", listed)
                assert await ask(build(), post(server.url())) == b"direct"

    @pytest.mark.parametrize(
        "listed", ["localhost,[::1]", "[::1", ":::,127.0.0.1", "http://[,127.0.0.1", ",,", "a b/99"]
    )
    async def test_exceptions_that_cannot_be_understood(
        self, build: Callable[..., HttpTransport], listed: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _clear(monkeypatch)
        monkeypatch.setenv("NO_PROXY", listed)
        async with raw_server(answer(b"1")) as server:
            assert await ask(build(), post(server.url())) == b"1"
            monkeypatch.setenv("HTTP_PROXY", server.url())
            assert await ask(build(), post("http://far.invalid")) == b"1"

    @pytest.mark.parametrize(
        "value", ["http://me:hidden@", "nonsense://me:hidden@host", "http://me:hidden@h:99999", "://"]
    )
    async def test_a_proxy_that_cannot_be(
        self, build: Callable[..., HttpTransport], value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _clear(monkeypatch)
        monkeypatch.setenv("HTTP_PROXY", value)
        with pytest.raises(SettingsError, match="HTTP_PROXY") as caught:
            await ask(build(), post("http://far.invalid"))
        assert "hidden" not in str(caught.value)

    async def test_socks_is_explained(
        self, build: Callable[..., HttpTransport], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _clear(monkeypatch)
        monkeypatch.setitem(sys.modules, "socksio", None)
        monkeypatch.setenv("ALL_PROXY", "socks5://me:hidden@127.0.0.1:9")
        with pytest.raises(SettingsError, match=r"SOCKS.*pip install 'httpx2?\[socks\]'") as caught:
            await ask(build(), post("http://far.invalid"))
        assert "hidden" not in str(caught.value)

    async def test_a_proxy_that_refuses_shows_no_password(self, build: Callable[..., HttpTransport]) -> None:
        async with raw_server(answer(b"", status="407 Proxy Authentication Required"), close=True) as proxy:
            transport = build(proxy=proxy.url().replace("//", "//me:hidden@"))
            with pytest.raises(ModelConnectionError) as caught:
                await ask(transport, post("https://far.invalid"))
        assert "hidden" not in str(caught.value)
        await transport.aclose()

    async def test_the_authorities_of_the_environment(
        self, build: Callable[..., HttpTransport], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEM)
        async with raw_server(answer(b"1"), context=context) as server:
            request = HttpRequest("GET", f"https://media.example:{server.port}", address="127.0.0.1")
            with pytest.raises(ModelConnectionError, match=r"CERTIFICATE|certificate"):
                await ask(build(), request)
            monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
            assert await ask(build(), request) == b"1"
            monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
            with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
                await ask(build(), request)

    def test_a_file_of_tls_keys_that_cannot_be_written(self, name: str) -> None:
        code = _KEYLOG.replace("NAME", name)
        environment = {**os.environ, "SSLKEYLOGFILE": "/no/such/folder/keys"}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
        assert "SettingsError SSLKEYLOGFILE" in done.stdout, done.stderr


_SILENT = """
import socket, sys, threading
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen(100)
print(listening.getsockname()[1], flush=True)
held = []
def accept():
    while True:
        held.append(listening.accept())
threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
"""
_KEYLOG = """
import asyncio
from modelport.error import SettingsError
from modelport.ports.http import HttpRequest
from tests.adapters.http.servers import BUILD
try:
    asyncio.run(BUILD["NAME"]().send(HttpRequest("GET", "https://127.0.0.1:9")))
except SettingsError as error:
    print("SettingsError", "SSLKEYLOGFILE" if "SSLKEYLOGFILE" in str(error) else error)
"""


def _sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except FileNotFoundError:
            continue
    return found


def _clear(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [each for each in os.environ if each.lower().endswith("_proxy")]:
        monkeypatch.delenv(variable)
