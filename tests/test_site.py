"""The site of the documentation is built without a warning, and its commands can be typed."""

from __future__ import annotations

import importlib
import logging
import re
import shlex
from html import unescape
from pathlib import Path

import pytest
from conftest import Command
from readme import EXAMPLE

from flake8_paramassign import arguments
from flake8_paramassign.documentation import rule_page
from flake8_paramassign.fixes import cli as fix
from flake8_paramassign.rules import all_rules
from flake8_paramassign.scan.cli import parser as scan_parser

ROOT = Path(__file__).parent.parent
GUIDES = {path.stem: path.read_text("utf-8") for path in (ROOT / "docs" / "guides").glob("*.md")}
_IN_TEXT = r"`(paramassign(?:-fix)? [^`]+)`"
_IN_BLOCK = r"^(paramassign(?:-fix)?(?: .*)?)$"


def commands() -> list[str]:
    """The commands in the guides that need nothing but a program."""
    found = {
        line
        for text in GUIDES.values()
        for pattern in (_IN_TEXT, _IN_BLOCK)
        for line in re.findall(pattern, text, re.MULTILINE)
    }
    return sorted(line for line in found if " scan " not in line and "--interactive" not in line)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="the extra 'docs' is not installed")
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


def test_it_has_a_page_for_each_rule_and_each_link_leads_somewhere(site: Path) -> None:
    for rule in all_rules().values():
        page = (site / "rules" / rule.name / "index.html").read_text("utf-8")
        assert rule.claim[1:] in re.sub(r"<[^>]+>", "", unescape(page))
        assert f'href="rules/{rule.name}/"' in (site / "index.html").read_text("utf-8")
    for file in site.rglob("*.html"):
        assert "<strong>init</strong>" not in file.read_text("utf-8"), file
        for link in re.findall(r'(?:href|src)="([^"#?]+)', file.read_text("utf-8")):
            if not re.match(r"[a-z]+:|/", link) and file.name != "404.html":
                assert (file.parent / unescape(link)).exists(), f"{file}: {link}"


def test_a_link_to_what_is_not_there_ends_the_build(
    site: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    hooks = importlib.import_module("hooks")

    there = hooks._target("../README.md#prm102", "messages.md", "docs/messages.md")
    assert there == "rules/parameter-lost-in-expression.md"
    assert hooks._target("../ci/gitlab.yml", "a.md", "docs/a.md").endswith("/main/ci/gitlab.yml")
    assert caplog.text == ""
    hooks._target("../ci/none.yml", "a.md", "docs/a.md")
    assert "a.md: links to ci/none.yml, which is not there" in caplog.text


@pytest.mark.parametrize("line", commands())
def test_a_command_may_be_typed(folder: Path, paramassign: Command, line: str) -> None:
    (folder / "policy.py").write_text(EXAMPLE)
    (folder / "known.json").write_text("[]")
    name, *words = shlex.split(line)
    if name == "paramassign-fix":
        assert fix.main(words) in (0, 1)
    else:
        assert paramassign(*words).status in (0, 1)


def test_each_option_said_is_one() -> None:
    parsers = arguments.parser(), fix._parser(), scan_parser()
    ours = set().union(*(parser._option_string_actions for parser in parsers))
    for name, text in GUIDES.items():
        lines = [line for line in text.splitlines() if "codemods.verify" not in line]
        said = set(re.findall(r"(?<![\w-])--[a-z][\w-]+", "\n".join(lines)))
        assert said - ours - {"--device"} == set(), name


def test_a_page_of_a_rule_says_what_the_rule_says() -> None:
    for rule in all_rules().values():
        assert rule.documentation() in rule_page(rule)
        assert ("Opt-in" in rule_page(rule)) != rule.default()
