"""Checks the programs here, the examples and every Python block of the docs as their readers do, without plugins.

`python -m tests.users.check` runs `mypy --strict` and pyright (in basedpyright, which needs no download) over them, and
ends with 1 if either finds an error. Errors inside `modelport` itself do not count, as for an installed package.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.test_docs import ROOT, snippets

FOLDER = ROOT / ".users"
EXAMPLES = ROOT / "docs" / "examples"
NEEDED = ("fastapi", "openai")
"""What examples import that is not Modelport's own."""
MYPY = """[mypy]
strict = True
explicit_package_bases = True
cache_dir = {cache}
mypy_path = {paths}
[mypy-modelport.*]
ignore_errors = True
"""


def main() -> int:
    """Write the files, run both checkers; the status to exit with."""
    files = write_files()
    results = [run_mypy(files), run_pyright()]
    return 1 if any(results) else 0


def write_files() -> list[Path]:
    """One module for each block, each program, and a copy of each example in a folder of its own."""
    shutil.rmtree(FOLDER / "examples", ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.py"):
        old.unlink()
    files = {f"{re.sub(r'[^a-z0-9]+', '_', where.lower())}.py": code for where, code in snippets("python")}
    files |= {path.name: path.read_text() for path in Path(__file__).parent.glob("program*.py")}
    for name, code in files.items():
        (FOLDER / name).write_text(code)
    folders, examples = copy_examples()
    paths = [str(ROOT), *map(str, folders)]
    (FOLDER / "mypy.ini").write_text(MYPY.format(cache=FOLDER / ".mypy_cache", paths=", ".join(paths)))
    settings = {
        "typeCheckingMode": "standard",
        "pythonVersion": "3.11",
        "extraPaths": paths,
        "include": ["."],
        "reportMissingModuleSource": False,
    }
    (FOLDER / "pyrightconfig.json").write_text(json.dumps(settings))
    return [*(FOLDER / name for name in files), *examples]


def copy_examples() -> tuple[list[Path], list[Path]]:
    """The folders that modules of the examples are imported from, and the modules.

    Examples that import what is not installed are left out, with a line that says so.
    """
    folders, files = set(), []
    for place in sorted(EXAMPLES.iterdir()):
        sources = [path for path in place.rglob("*.py") if "__pycache__" not in path.parts]
        absent = sorted(name for name in NEEDED if any(_imports(path, name) for path in sources) and not _found(name))
        if absent:
            print(f"left out: {place.relative_to(ROOT)}, which needs {', '.join(absent)}")
            continue
        for path in sources:
            copied = FOLDER / "examples" / path.relative_to(EXAMPLES)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_text(path.read_text())
            files.append(copied)
            folders.add(copied.parent.parent if path.with_name("__init__.py").exists() else copied.parent)
    return sorted(folders), files


def _imports(path: Path, name: str) -> bool:
    return re.search(rf"^\s*(from|import) {name}\b", path.read_text(), re.MULTILINE) is not None


def _found(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def run_mypy(files: list[Path]) -> int:
    """Mypy's status; it prints what it finds."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(FOLDER / "mypy.ini"), *map(str, files)]
    return subprocess.run(command, cwd=FOLDER, check=False).returncode


def run_pyright() -> int:
    """Pyright's status; it prints what it finds."""
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--project", str(FOLDER)]
    return subprocess.run(command, cwd=FOLDER, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
