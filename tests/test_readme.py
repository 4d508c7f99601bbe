"""The README says what is so: its example, its commands, its options, keys, hooks and extras."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from conftest import Command
from readme import EXAMPLE, README, written

from flake8_paramassign import arguments
from flake8_paramassign.configuration import _READERS, read
from flake8_paramassign.fixes import cli as fix
from flake8_paramassign.scan.cli import parser as scan_parser
from flake8_paramassign.tables import parse_toml

ROOT = README.parent
TEXT = README.read_text("utf-8")
OPTIONS = sorted(
    {
        name
        for parser in (arguments.parser(), fix._parser())
        for action in parser._actions
        for name in action.option_strings
        if name.startswith("--") and name not in ("--help", "--version")
    }
)


def blocks(language: str) -> list[str]:
    """Return the blocks of the README in ``language``."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_what_is_made_from_the_rules_is_theirs() -> None:
    assert written() == TEXT, "run: python -m tests.readme"
    assert EXAMPLE in TEXT and "<!-- rules -->\n| code |" in TEXT


def test_the_example_prints_what_it_says(folder: Path, paramassign: Command) -> None:
    (folder / "policy.py").write_text(blocks("python")[0])
    printed = paramassign("--output-format=full", "policy.py").out
    assert f"```\n$ paramassign policy.py\n{printed}```\n" in TEXT


@pytest.mark.parametrize("option", OPTIONS)
def test_each_option_is_said(option: str) -> None:
    key = option.removeprefix("--")
    assert re.search(rf"{option}\b", TEXT) or (key in _READERS and f"`{key}`" in TEXT)


def test_each_option_said_is_one() -> None:
    said = set(re.findall(r"(?<![\w-])--[a-z][\w-]+", TEXT))
    others = set().union(*(re.findall(r"--[a-z][\w-]+", line) for line in _OF_OTHERS))
    assert said - set(OPTIONS) - others - set(scan_parser()._option_string_actions) == set()


_OF_OTHERS = [line for line in TEXT.splitlines() if "codemods.verify" in line or "libcst" in line]
_OF_OTHERS += [line for line in TEXT.splitlines() if "--long" in line or "--invariants" in line]
_OF_OTHERS += [line for line in TEXT.splitlines() if "--device" in line or "--generated" in line]
_OF_OTHERS += [line for line in TEXT.splitlines() if "--readme" in line]


@pytest.mark.parametrize("key", sorted(_READERS))
def test_each_key_is_said(key: str) -> None:
    assert re.search(rf"^\| .*`{key}`.* \|", TEXT, re.MULTILINE)


def test_each_hook_extra_and_command_is_said() -> None:
    hooks = re.findall(r"^- id: (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
    project = parse_toml((ROOT / "pyproject.toml").read_bytes())["project"]
    for name in (*hooks, *project["optional-dependencies"], *project["scripts"]):
        assert f"`{name}`" in TEXT or f"`{name} " in TEXT, name


def test_the_hook_of_the_example_is_one() -> None:
    [block] = blocks("yaml")
    assert "rev: main" in block and "- id: paramassign\n" in block


def test_the_configuration_is_one(tmp_path: Path) -> None:
    [block] = blocks("toml")
    file = tmp_path / "pyproject.toml"
    file.write_text(block)
    assert read(file).module_bases == ("mylib.BaseModel",)


@pytest.mark.parametrize(
    "line",
    sorted(
        set(re.findall(r"`(paramassign(?:-fix)? [^`]+)`", TEXT))
        - {"paramassign [PATH...]", "paramassign scan DATASET OUT"}
    ),
)
def test_a_command_may_be_typed(folder: Path, paramassign: Command, line: str) -> None:
    (folder / "policy.py").write_text(EXAMPLE)
    command, *words = shlex.split(line.replace("[PATH...]", "policy.py"))
    assert command == "paramassign"
    assert paramassign(*words).status in (0, 1)


def test_what_is_linked_is_there() -> None:
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", TEXT):
        assert (ROOT / link).exists(), link
