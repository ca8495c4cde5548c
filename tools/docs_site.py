"""Hooks of MkDocs: the site has the root's pages, too, and the code that pages link to.

In the repository a page links to files beside docs/, as GitHub shows them. On the site each such
file is a page below source/, so that no link leaves the site and `mkdocs build --strict` checks
every one of them.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.check_links import ELSEWHERE, PART, PROJECT, links, pages

LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".sh": "bash"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and a page for each file or folder that is linked to."""
    root = [page for page in pages(PROJECT) if page.parent == PROJECT]
    for page in root:
        files.append(File.generated(config, site_uri(page), abs_src_path=str(page)))
    for page in [*root, *(PROJECT / "docs").rglob("*.md")]:
        for link in links(page):
            target = (page.parent / link.path).resolve()
            uri = site_uri(target)
            if link.path and uri.startswith("source/") and not files.get_file_from_path(uri):
                files.append(File.generated(config, uri, content=source(target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the page's text with links to where the site has what they lead to."""
    here = page.file.src_uri
    if here.startswith("source/"):
        return markdown
    at_root = page.file.generated_by is not None
    folder = PROJECT if at_root else (PROJECT / "docs" / here).parent

    def rewritten(part: re.Match[str]) -> str:
        if part["code"] or ELSEWHERE.match(part["target"]) or part["target"].startswith("#"):
            return part[0]
        path, sharp, anchor = part["target"].partition("#")
        uri = site_uri((folder / path).resolve())
        relative = posixpath.relpath(uri, posixpath.dirname(here) or ".")
        return f"[{part['text']}]({relative}{sharp}{anchor})"

    return PART.sub(rewritten, markdown)


def site_uri(path: Path) -> str:
    """Return where the site has a file of the repository.

    Args:
        path: The file, or folder, absolute.
    """
    relative = path.relative_to(PROJECT)
    if relative.parts and relative.parts[0] == "docs":
        return relative.relative_to("docs").as_posix()
    if relative.as_posix() == "README.md":
        return "index.md"
    if len(relative.parts) == 1 and path.suffix == ".md":
        return relative.as_posix()
    return f"source/{relative.as_posix()}.md"


def source(path: Path) -> str:
    """Return the page that shows a file, or the names in a folder."""
    title = f"# {path.relative_to(PROJECT).as_posix()}\n\n"
    if path.is_dir():
        names = sorted(child.name for child in path.iterdir() if child.name[0] not in "._")
        return title + "".join(f"- `{name}`\n" for name in names)
    text = path.read_text(encoding="utf-8")
    return f"{title}~~~~~ {LANGUAGES.get(path.suffix, 'text')}\n{text}\n~~~~~\n"
