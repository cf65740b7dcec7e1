"""Citations of the protocol handbook name a page and a heading that exist, and no older form is left."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs/protocols").glob("*.md"))
CITATION = re.compile(r"docs/protocols/([A-Za-z][\w-]*)(?:\.md)?(?:#([\w-]*))?")
OLDER_FORM = re.compile(rf"(?<![\w/.])wire/(?:model-catalogue|\*|{'|'.join(page.stem for page in PAGES)})")
PLACES = ("modelport", "tests", "docs", "fixtures", "scripts", "README.md", "CHANGELOG.md")
"""Where a citation may stand."""


def files() -> list[Path]:
    """All text files that may cite a page; this file is about the forms and cites none."""
    found = [
        path for place in PLACES for path in ((ROOT / place).rglob("*") if (ROOT / place).is_dir() else [ROOT / place])
    ]
    return [
        path for path in found if path.suffix in (".py", ".yaml", ".yml", ".md", ".json") and path != Path(__file__)
    ]


def headings(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    slugs = [
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+?)\s*$", text, re.M)
    ]
    assert max(Counter(slugs).values()) == 1, f"{page.name} has two headings with the same anchor"
    return set(slugs)


@pytest.fixture(scope="module")
def anchors() -> dict[str, set[str]]:
    return {page.stem: headings(page) for page in PAGES}


def test_each_citation_names_a_page_and_a_heading_that_exist(anchors: dict[str, set[str]]) -> None:
    wrong, found = [], 0
    for path in files():
        for page, heading in CITATION.findall(path.read_text()):
            if path.suffix == ".md" and not heading:
                continue  # a link to the handbook, or its folder, in prose
            found += 1
            if heading not in anchors.get(page, set()):
                wrong.append(f"{path.relative_to(ROOT)}: docs/protocols/{page}.md#{heading}")
    assert not wrong
    assert found > 300, "the citations were not found"


def test_links_between_pages_name_headings_that_exist(anchors: dict[str, set[str]]) -> None:
    for page in PAGES:
        for target, heading in re.findall(r"\]\(([\w-]*)(?:\.md)?#([\w-]+)\)", page.read_text()):
            assert heading in anchors[target or page.stem], f"{page.name} links to {target}#{heading}"


def test_no_citation_of_the_older_form_is_left() -> None:
    assert not [path.relative_to(ROOT) for path in files() if OLDER_FORM.search(path.read_text())]


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "README"], ids=lambda page: page.stem)
def test_each_page_names_its_sources_and_a_date_and_is_in_the_index(page: Path, anchors: dict[str, set[str]]) -> None:
    assert "sources" in anchors[page.stem]
    assert re.search(r"\d{4}-\d{2}-\d{2}", page.read_text().rpartition("## Sources")[2])
    assert f"({page.name})" in (page.parent / "README.md").read_text()
