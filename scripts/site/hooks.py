"""What MkDocs calls while it builds the site: it adds the generated pages, the navigation and links."""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # MkDocs loads this file by its path

from scripts.site import api, llms, navigation, providers  # noqa: E402 - needs the path above
from scripts.site.examples import programs  # noqa: E402 - likewise
from scripts.site.links import ROOT_PAGES, boost_of, linked_paths, site_links  # noqa: E402 - likewise


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are written from the package, and those that stand beside `docs`."""
    pages = {page: (ROOT / name).read_text(encoding="utf-8") for name, page in ROOT_PAGES.items()}
    pages |= api.pages() | providers.pages()
    for uri, text in pages.items():
        files.append(File.generated(config, uri, content=text))
    config.nav = navigation.navigation(sorted(file.src_uri for file in files.documentation_pages()))
    files.append(File.generated(config, "llms.txt", content=llms.index(config.nav, files)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make links between files links between pages, show the programs of an example, and say what search prefers."""
    uri = page.file.src_uri
    page.meta.setdefault("search", {"boost": boost_of(uri)})
    if uri.startswith("examples/") and uri.endswith("/README.md"):
        markdown += programs(ROOT / "docs" / uri.rpartition("/")[0])
    return site_links(markdown, uri, set(files.src_uris))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Link the pages of the documentation that docstrings name by their path."""
    return linked_paths(html, page.file, files)
