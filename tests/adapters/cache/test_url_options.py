"""Options of database URLs: translated for the driver, or refused where the settings are read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from modelport import Modelport
from modelport.adapters.sql.options import driver_options
from modelport.embedding import SQLEmbeddingCache
from modelport.error import ModelportError, SettingsError

HOST = "postgresql+asyncpg://app:secret@127.0.0.1:1/x"
FINE = [
    "sslmode=require",
    "sslmode=verify-full&sslrootcert=/root.pem",
    "ssl=true",
    "sslmode=require&channel_binding=prefer",
    "connect_timeout=3&application_name=app",
    "options=-c%20search_path%3Dvectors",
    "statement_cache_size=0&prepared_statement_cache_size=0",
    "target_session_attrs=read-write",
]
REFUSED = [
    "sslmode=sometimes",
    "channel_binding=require",
    "pgbouncer=true",
    "schema=public",
    "connect_timeout=soon",
    "sslmode=require&sslmode=disable",
    "apikey=hidden-word",
]


def test_options_are_given_to_the_driver_in_its_own_words() -> None:
    query = {"sslmode": "require", "application_name": "a b", "connect_timeout": "3", "statement_cache_size": "0"}
    assert driver_options("postgresql", query, False, "it") == {
        "timeout": 3.0,
        "statement_cache_size": 0,
        "dsn": "postgresql://?sslmode=require&application_name=a+b",
    }


@pytest.mark.parametrize("options", FINE)
async def test_the_driver_takes_the_options(options: str) -> None:
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    Modelport.from_mapping({"cache": {"adapter": "sql", "url": f"{HOST}?{options}"}}, {})
    cache = SQLEmbeddingCache(f"{HOST}?{options}")
    with pytest.raises(ModelportError, match=r"127\.0\.0\.1") as caught:
        await asyncio.wait_for(cache.retrieve("a"), 20)
    assert not isinstance(caught.value, SettingsError)
    assert "Connect call failed" in str(caught.value) or "No such file" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("options", REFUSED)
def test_other_options_are_refused_where_the_settings_are_read(options: str) -> None:
    settings: list[dict[str, Any]] = [
        {"cache": {"adapter": "sql", "url": f"{HOST}?{options}"}},
        {"rate_limits": {"adapter": "sql", "url": f"{HOST}?{options}", "limits": {"openai": {"requests": 1}}}},
    ]
    if options.count("sslmode") < 2:  # the last of two counts where nothing but the text is looked at
        for mapping in settings:
            with pytest.raises(SettingsError, match=options.partition("=")[0]) as caught:
                Modelport.from_mapping(mapping, {})
            assert "secret" not in str(caught.value) and "hidden-word" not in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        SQLEmbeddingCache(f"{HOST}?{options}")
    assert "secret" not in str(caught.value) and "hidden-word" not in str(caught.value)


async def test_sqlite_takes_its_own_options(tmp_path: Path) -> None:
    place = f"sqlite+aiosqlite:///{tmp_path}/x.db"
    written = SQLEmbeddingCache(place + "?timeout=5")
    await written.store([[1.0]], "a")
    await written.aclose()  # what is in the log moves to the file, which is all that `immutable` reads
    for options in ("?mode=ro", "?immutable=1", "?mode=rw"):
        assert await SQLEmbeddingCache(place + options).retrieve("a") == [[1.0]]
    with pytest.raises(ModelportError, match="readonly"):
        await SQLEmbeddingCache(place + "?mode=ro").store([[1.0]], "b")
    for options in ("?mode=all", "?check_same_thread=no", "?timeout=x"):
        with pytest.raises(SettingsError):
            SQLEmbeddingCache(place + options)
