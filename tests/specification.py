"""The snippets of the specification, which lies beside the checkout where it is worked on."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PAGE", "Snippet", "run", "snippets"]

PAGE = Path(__file__).parents[2] / "shared" / "spec" / "model-layer.md"

_FENCE = re.compile(r"(?P<indent> *)```(?P<language>\w*) ?(?P<title>.*)")
_IMPORT = re.compile(r"^(\s*(?:from|import) )agentscope\b", re.M)


@dataclass(frozen=True)
class Snippet:
    """One fenced block: `heading` is the one above it, `number` counts the blocks under that heading."""

    heading: str
    number: int
    language: str
    text: str

    @property
    def key(self) -> tuple[str, int]:
        return self.heading, self.number

    def __str__(self) -> str:
        return f"{self.heading}-{self.number}"


def snippets() -> list[Snippet]:
    """All fenced blocks in their order, their import lines renamed; none where the page is not there."""
    if not PAGE.exists():
        return []
    found: list[Snippet] = []
    heading, fence, body = "", None, list[str]()
    for line in PAGE.read_text().splitlines():
        match = _FENCE.fullmatch(line)
        if fence is None and match:
            fence, body = match, []
        elif fence is not None and line.strip() == "```":
            text = _IMPORT.sub(r"\1modelport", "\n".join(body) + "\n")
            number = sum(one.heading == heading for one in found)
            found.append(Snippet(heading, number, fence["language"], text))
            fence = None
        elif fence is not None:
            body.append(line.removeprefix(fence["indent"]))
        elif line.lstrip().startswith("#"):
            heading = line.lstrip("# ").strip()
    return found


def run(code: str, module: str, folder: Path, **prelude: Any) -> types.ModuleType:
    """Run a snippet as the module `module` (`package.name`) of a file in `folder`; a top-level `await` is allowed."""
    package, _, name = module.rpartition(".")
    made = types.ModuleType(module)
    made.__file__, made.__package__ = str(folder / f"{name}.py"), package
    made.__dict__.update(prelude)
    sys.modules[module] = made
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    compiled = compile(code, made.__file__, "exec", flags)
    if compiled.co_flags & inspect.CO_COROUTINE:
        function = types.FunctionType(compiled, made.__dict__)
        asyncio.run(function())
    else:
        exec(compiled, made.__dict__)
    return made
