"""Every relative link of the documentation leads somewhere, and one that does not is found."""

from pathlib import Path

import pytest

from tools import check_links


@pytest.mark.parametrize(
    "page",
    check_links.pages(check_links.PROJECT),
    ids=lambda page: str(page.relative_to(check_links.PROJECT)),
)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(check_links.broken(page)) == []


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page, beside another one and a file of code."""
    monkeypatch.setattr(check_links, "PROJECT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/other.md").write_text("# Other\n\n## What is `next`?\n\n## Twice\n## Twice\n")
    (tmp_path / "code.py").touch()
    return tmp_path / "docs/page.md"


@pytest.mark.parametrize(
    "link",
    [
        "[other](other.md)",
        "[next](other.md#what-is-next)",
        "[the second](other.md#twice-1)",
        "[here](#page)",
        "[docs/other.md](../docs/other.md)",
        "[`code.py`](../code.py)",
        "[folder](../docs)",
        "[elsewhere](https://example.com/missing)",
        "`[no link](missing.md)`",
        "```\n[no link](missing.md)\n```",
    ],
)
def test_what_is_there_is_no_problem(page: Path, link: str) -> None:
    page.write_text(f"# Page\n\n{link}\n")
    assert list(check_links.broken(page)) == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[other](missing.md)", "docs/page.md: missing.md is not there"),
        ("![picture](missing.png)", "docs/page.md: missing.png is not there"),
        ("[next](other.md#before)", "docs/page.md: other.md has no heading #before"),
        ("[here](#elsewhere)", "docs/page.md: page.md has no heading #elsewhere"),
        ("[third](other.md#twice-2)", "docs/page.md: other.md has no heading #twice-2"),
        ("[old/code.py](../code.py)", "docs/page.md: ../code.py is called old/code.py"),
        ("[line](../code.py#L2)", "docs/page.md: ../code.py has no headings, so no #L2"),
        ("[up](../../up.md)", "docs/page.md: ../../up.md is outside the repository"),
    ],
)
def test_what_leads_nowhere_is_named(page: Path, link: str, problem: str) -> None:
    page.write_text(f"# Page\n\n{link}\n")
    assert list(check_links.broken(page)) == [problem]
