"""A PostgreSQL database for each process that runs tests, so that no test sees another's rows."""

from __future__ import annotations

import asyncio
import os

VARIABLE = "MODELPORT_TEST_POSTGRES"
"""Holds the URL `postgresql+asyncpg://user@host:port/database`; its user must be allowed to create databases."""


class OwnDatabase:
    """A database that exists from `create` to `drop`, named in the environment variable for that time."""

    def __init__(self, url: str, suffix: str) -> None:
        self._url = url
        self._name = f"modelport_{suffix}"

    def create(self) -> None:
        self._execute(f'CREATE DATABASE "{self._name}"')
        address, _, _ = self._url.rpartition("/")
        os.environ[VARIABLE] = f"{address}/{self._name}"

    def drop(self) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')
        os.environ[VARIABLE] = self._url

    def _execute(self, statement: str) -> None:
        import asyncpg

        async def execute() -> None:
            connection = await asyncpg.connect(self._url.replace("+asyncpg", ""))
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(execute())
