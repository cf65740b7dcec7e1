"""No regular expression of the package takes more than linear time, whatever text it is given.

For each repetition in a pattern there are texts made to be expensive: what leads to it, then many of what it repeats,
then something that no match can end with. Sixteen times the text may take sixty-four times the time, where quadratic
is 256.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import modelport

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    parser: Any = importlib.import_module("re._parser")  # Any: the standard library's own, without types
    ops: Any = importlib.import_module("re._constants")

SMALL, LARGE, FACTOR = 500, 8_000, 64
SIGNS = " a0A-_\t.x\"'<>&;=/:\\\n{}[]()@,!~é"
ENDS = ("", "\x00", "\n!")
PACKAGE = Path(modelport.__file__).parent


def repeats(op: Any) -> bool:
    return op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT)


def members(items: list[Any]) -> list[str]:
    """Some characters of a set."""
    given = [chr(av if op is ops.LITERAL else av[0]) for op, av in items if op in (ops.LITERAL, ops.RANGE)]
    if items and items[0][0] is ops.NEGATE:
        return [sign for sign in SIGNS if sign not in given][:8]
    categories = [av for op, av in items if op is ops.CATEGORY]
    tests = {ops.CATEGORY_SPACE: r"\s", ops.CATEGORY_NOT_SPACE: r"\S", ops.CATEGORY_DIGIT: r"\d"}
    tests |= {ops.CATEGORY_NOT_DIGIT: r"\D", ops.CATEGORY_WORD: r"\w", ops.CATEGORY_NOT_WORD: r"\W"}
    given += [sign for sign in SIGNS for av in categories if re.match(tests[av], sign)][:8]
    return given or ["a"]


class Attacks:
    """The texts for one pattern, as what comes first and what is repeated."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self.found: set[tuple[str, str]] = {("", sign) for sign in ' a0\n"<[{'}
        whole = self._sample(parser.parse(pattern.pattern, pattern.flags), "")
        if whole:
            self.found.add(("", whole))

    def _sample(self, nodes: Any, before: str) -> str:
        """A text that these nodes match, more or less."""
        text = ""
        for op, av in nodes:
            text += self._one(op, av, before + text)
        return text

    def _one(self, op: Any, av: Any, before: str) -> str:
        if op is ops.LITERAL:
            return chr(av)
        if op is ops.IN:
            return members(av)[0]
        if op in (ops.ANY, ops.NOT_LITERAL):
            return "a" if av != ord("a") else "b"
        if op is ops.BRANCH:
            texts = [self._sample(branch, before) for branch in av[1]]  # all of them, for their repetitions
            return texts[0]
        if op is ops.SUBPATTERN or op is ops.ATOMIC_GROUP:
            return self._sample(av[3] if op is ops.SUBPATTERN else av, before)
        return self._repeated(av, before) if repeats(op) else ""

    def _repeated(self, repeat: Any, before: str) -> str:
        least, most, body = repeat
        one = self._sample(body, before)
        bodies = {one}
        if len(body) == 1 and body[0][0] is ops.IN:
            bodies.update(members(body[0][1]))
        elif len(body) == 1 and body[0][0] is ops.ANY:
            bodies.update(' a"<&')
        if most is ops.MAXREPEAT or most > 200:
            for each in filter(None, bodies):
                self.found |= {(before, each), ("", before + each)}
                self.found |= {("", before[:end]) for end in range(1, len(before) + 1)}
        return one * max(int(least), 1)


def compiled() -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Each pattern that a module holds, with its place and the method that it is used by."""
    for module in pkgutil.walk_packages(modelport.__path__, "modelport."):
        if ".testing" in module.name or module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        source = Path(str(loaded.__file__)).read_text()
        for name, value in vars(loaded).items():
            used = set(re.findall(rf"\b{name}\.(match|fullmatch|search|sub|findall|finditer|split)\(", source))
            method = used.pop() if len(used) == 1 else "search"
            for pattern in patterns(value):
                yield f"{module.name}.{name}", pattern, method


def patterns(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:  # Any: whatever a module holds
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 3 and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from patterns(item, depth + 1)
    elif depth < 3 and type(value) is dict:
        yield from patterns(list(value.values()), depth)


def inline() -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Each pattern that is written in a call of `re`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "testing" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                owner, first = node.func.value, node.args[0]
                of_re = isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr not in ("compile", "escape")
                if of_re and isinstance(first, ast.Constant):
                    yield f"{path.name}:{node.lineno}", re.compile(first.value), node.func.attr


ALL = {(pattern.pattern, method): (place, pattern, method) for place, pattern, method in [*compiled(), *inline()]}


def cost(pattern: re.Pattern[Any], method: str, text: str | bytes) -> float:
    """Seconds of CPU; the least of a few runs."""
    best = 9.0
    for _ in range(3):
        started = time.thread_time()
        if method in ("match", "fullmatch"):
            getattr(pattern, method)(text)
        else:
            for _ in pattern.finditer(text):
                pass
        best = min(best, time.thread_time() - started)
        if not 0.001 < best < 0.1:
            break
    return best


def too_slow(pattern: re.Pattern[Any], method: str, before: str, body: str, end: str) -> bool:
    def text(size: int) -> str | bytes:
        whole = before + body * (size // len(body)) + end
        return whole.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else whole

    large = cost(pattern, method, text(LARGE))
    return large > 0.002 and large > FACTOR * cost(pattern, method, text(SMALL))


@pytest.mark.parametrize(("place", "pattern", "method"), ALL.values(), ids=[place for place, _, _ in ALL.values()])
def test_no_pattern_goes_back_and_forth(place: str, pattern: re.Pattern[Any], method: str) -> None:
    for before, body in sorted(Attacks(pattern).found):
        for end in ENDS:
            assert not too_slow(pattern, method, before, body, end), (before, body, end)


@pytest.mark.parametrize("slow", [r"\s+$", r"[.!]+(?=\s)", r"<[^>]+>"])
def test_slow_patterns_are_found(slow: str) -> None:
    pattern = re.compile(slow)
    attacks = [(*attack, end) for attack in sorted(Attacks(pattern).found) for end in ENDS]
    assert any(too_slow(pattern, "search", *attack) for attack in attacks)
