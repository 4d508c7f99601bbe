"""The pages that explain the code name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ROOT / "flake8_paramassign"
PAGE = ROOT / "docs" / "architecture.md"
README = ROOT / "README.md"
_NAME = re.compile(r"`([\w/.]+(?:\.py|/))`")
_LAYER = re.compile(r"^\| `(\w+)/` \|", re.MULTILINE)


def named(text: str) -> list[str]:
    """The files and folders that are named in code."""
    return _NAME.findall(text)


def exists(name: str, layer: str = "") -> bool:
    """Whether there is such a file: from the root, our package, or a layer of it."""
    roots = (ROOT, OURS, OURS / layer)
    return any((root / name).exists() for root in roots)


def rows(page: str) -> dict[str, str]:
    """The rows of the table, by their first cell."""
    cells = (line.split("|") for line in page.splitlines() if line.startswith("|"))
    return {first.strip(" `/"): rest[0] for _, first, *rest in cells}


def test_each_file_and_folder_that_the_page_names_exists() -> None:
    page = PAGE.read_text()
    outside = "\n".join(line for line in page.splitlines() if not line.startswith("|"))
    assert len(named(outside)) > 10
    assert [name for name in named(outside) if not exists(name)] == []
    for layer, cell in rows(page).items():
        assert [name for name in named(cell) if not exists(name, layer)] == [], layer


def test_the_page_names_each_part_of_the_package() -> None:
    page = PAGE.read_text()
    parts = {
        path.name if path.is_file() else f"{path.name}/"
        for path in OURS.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert len(parts) > 40
    assert parts - {"__init__.py"} - set(named(page)) == set()


def test_the_layers_of_the_page_are_those_that_are_tested() -> None:
    from test_house import LAYERS

    found = [name for name in rows(PAGE.read_text()) if name.removesuffix(".py") in LAYERS]
    assert [name.removesuffix(".py") for name in found] == list(LAYERS)


@pytest.mark.parametrize("page", [PAGE, README])
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_says_in_short_what_the_page_says() -> None:
    how = README.read_text().partition("## How it works")[2].partition("\n## ")[0]
    assert "(docs/architecture.md)" in how
    links = re.findall(r"\(flake8_paramassign/(\w+)[/.)]", how)
    assert {"semantics", "domain", "catalogue", "rules", "fixes"} <= set(links)
