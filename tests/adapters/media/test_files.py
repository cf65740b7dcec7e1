"""Media in local files: below the allowed folders, and nothing else."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path

import pytest

from modelport.adapters.http.httpx import HttpxTransport
from modelport.adapters.media.loader import HttpMediaLoader
from tests.adapters.media.support import PNG, refusal, source


@pytest.fixture
def transport() -> HttpxTransport:
    return HttpxTransport(trust_env=False)


class TestFiles:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "allowed" / "inner").mkdir(parents=True)
        (tmp_path / "outside").mkdir()
        for place in ("allowed/cat.png", "allowed/inner/a cat #1.png", "outside/cat.png"):
            (tmp_path / place).write_bytes(PNG)
        return tmp_path

    @pytest.fixture
    def files(self, transport: HttpxTransport, folder: Path) -> HttpMediaLoader:
        return HttpMediaLoader(transport, roots=[folder / "absent", folder / "allowed"], max_bytes=100)

    @pytest.mark.parametrize("place", ["allowed/cat.png", "allowed/inner/a cat #1.png", "allowed/inner/../cat.png"])
    async def test_below_a_root(self, files: HttpMediaLoader, folder: Path, place: str) -> None:
        url = (folder / "allowed").as_uri() + (folder / place).as_uri()[len((folder / "allowed").as_uri()) :]
        assert base64.b64decode((await files.load(source(url))).data) == PNG

    async def test_without_roots_nothing_may_be_read(self, transport: HttpxTransport, folder: Path) -> None:
        url = (folder / "allowed/cat.png").as_uri()
        message = await refusal(HttpMediaLoader(transport, allow_private=True), url)
        assert "may not be read" in message and "media setting roots" in message

    @pytest.mark.parametrize(
        "place",
        [
            "outside/cat.png",
            "allowed/../outside/cat.png",
            "allowed/%2e%2e/outside/cat.png",
            "allowed-too/x",
            "outside/none",
        ],
    )
    async def test_elsewhere(self, files: HttpMediaLoader, folder: Path, place: str) -> None:
        assert "may not be read" in await refusal(files, f"file://{folder}/{place}")

    @pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="the system opens no path by descriptors")
    @pytest.mark.parametrize("swapped", ["inner", "inner/deep", "inner/deep/cat.png"])
    async def test_a_link_that_appears_after_the_check_leads_nowhere(
        self, files: HttpMediaLoader, folder: Path, swapped: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for place in ("allowed/inner/deep", "outside/deep", "outside/deep/deep"):
            (folder / place).mkdir()
        for place in ("allowed/inner/deep", "outside/deep"):
            (folder / place / "cat.png").write_bytes(PNG)
        url = (folder / "allowed/inner/deep/cat.png").as_uri()
        assert (await files.load(source(url))).data
        target = folder / "allowed" / swapped
        within = Path(swapped).relative_to("inner")

        def swap(path: str, root: str) -> bool:
            if target.is_symlink():
                return True
            target.rename(folder / "away")
            target.symlink_to(folder / "outside" / within)
            return True

        monkeypatch.setattr("modelport.adapters.media.files._below", swap)
        files = HttpMediaLoader(HttpxTransport(trust_env=False), roots=[folder / "allowed"], max_bytes=1000)
        assert "cannot be read" in await refusal(files, url)

    async def test_a_link_leads_nowhere_else(self, files: HttpMediaLoader, folder: Path) -> None:
        (folder / "allowed/link.png").symlink_to(folder / "outside/cat.png")
        (folder / "allowed/door").symlink_to(folder / "outside")
        (folder / "allowed/loop").symlink_to(folder / "allowed/loop")
        assert "may not be read" in await refusal(files, (folder / "allowed/link.png").as_uri())
        assert "may not be read" in await refusal(files, (folder / "allowed/door/cat.png").as_uri())
        assert "cannot be read" in await refusal(files, (folder / "allowed/loop").as_uri())

    async def test_links_inside_and_a_linked_root_are_followed(self, transport: HttpxTransport, folder: Path) -> None:
        (folder / "allowed/link.png").symlink_to("inner/a cat #1.png")
        (folder / "root").symlink_to(folder / "allowed")
        loader = HttpMediaLoader(transport, roots=[folder / "root"])
        for url in ((folder / "root/link.png").as_uri(), (folder / "allowed/cat.png").as_uri()):
            assert (await loader.load(source(url))).data

    async def test_only_regular_files(self, files: HttpMediaLoader, folder: Path) -> None:
        os.mkfifo(folder / "allowed/pipe")
        assert "not a regular file" in await refusal(files, (folder / "allowed/pipe").as_uri())
        assert "cannot be read" in await refusal(files, (folder / "allowed/none").as_uri())
        assert "regular" in await refusal(files, (folder / "allowed/inner").as_uri())
        assert "cannot be read" in await refusal(files, f"file://{folder}/allowed/%00")

    async def test_the_limit(self, files: HttpMediaLoader, folder: Path) -> None:
        (folder / "allowed/big").write_bytes(b"x" * 101)
        (folder / "allowed/empty").touch()
        assert "larger than 100 bytes" in await refusal(files, (folder / "allowed/big").as_uri())
        assert "empty" in await refusal(files, (folder / "allowed/empty").as_uri())

    async def test_another_machine_is_refused(self, files: HttpMediaLoader) -> None:
        assert "file:///folder/file" in await refusal(files, "file://server/share/cat.png")

    async def test_a_changed_file_is_read_anew(self, files: HttpMediaLoader, folder: Path) -> None:
        url = (folder / "allowed/cat.png").as_uri()
        first = await files.load(source(url))
        (folder / "allowed/cat.png").write_bytes(b"another")
        assert (await files.load(source(url))).data != first.data

    async def test_reading_happens_in_a_thread(
        self, files: HttpMediaLoader, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads: list[int] = []
        opened = os.open

        def watched(path: str, flags: int) -> int:
            threads.append(threading.get_ident())
            return opened(path, flags)

        monkeypatch.setattr(os, "open", watched)
        await files.load(source((folder / "allowed/cat.png").as_uri()))
        assert threads and threading.get_ident() not in threads
