"""Checks `program.py` and every Python block of the documentation as their readers do, who have no plugin of ours.

`python -m tests.users.check` runs `mypy --strict` and pyright (in basedpyright, which needs no download) over them, and
ends with 1 if either finds an error. Errors inside `modelport` itself do not count, as for an installed package.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.test_docs import ROOT, snippets

FOLDER = ROOT / ".users"
MYPY = """[mypy]
strict = True
explicit_package_bases = True
cache_dir = {cache}
mypy_path = {root}
[mypy-modelport.*]
ignore_errors = True
"""


def main() -> int:
    """Write the files, run both checkers; the status to exit with."""
    files = write_files()
    results = [run_mypy(files), run_pyright()]
    return 1 if any(results) else 0


def write_files() -> list[Path]:
    """One module for each block, and the program."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.py"):
        old.unlink()
    files = {f"{re.sub(r'[^a-z0-9]+', '_', where.lower())}.py": code for where, code in snippets("python")}
    files["program.py"] = Path(__file__).with_name("program.py").read_text()
    for name, code in files.items():
        (FOLDER / name).write_text(code)
    (FOLDER / "mypy.ini").write_text(MYPY.format(cache=FOLDER / ".mypy_cache", root=ROOT))
    settings = {
        "typeCheckingMode": "standard",
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT)],
        "include": ["."],
        "reportMissingModuleSource": False,
    }
    (FOLDER / "pyrightconfig.json").write_text(json.dumps(settings))
    return [FOLDER / name for name in files]


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
