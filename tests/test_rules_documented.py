"""What the rules say about themselves holds together: code, documentation, fixtures, changes."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest

from flake8_paramassign.rules import SECTIONS, Rule, all_rules

ROOT = Path(__file__).parent.parent
RULES = list(all_rules().values())

by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def sections(rule: type[Rule]) -> dict[str, str]:
    """The text under each heading, in order."""
    _, *parts = re.split(r"^## (.+)$", rule.documentation(), flags=re.MULTILINE)
    return dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))


def snippets(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@by_rule
def test_the_code_names_the_file(rule: type[Rule]) -> None:
    assert re.fullmatch(r"PRM\d{3}", rule.code)
    module = rule.__module__.rpartition(".")[2]
    assert module == f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


@by_rule
def test_the_name_is_kebab_case(rule: type[Rule]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)


def test_codes_and_names_are_unique() -> None:
    classes = Rule.__subclasses__()
    assert len(classes) == len(RULES) == len({rule.name for rule in RULES})


@by_rule
def test_the_claim_is_one_line(rule: type[Rule]) -> None:
    assert 20 < len(rule.claim) <= 100
    assert rule.claim == rule.claim.strip().rstrip(".")
    assert "\n" not in rule.claim


@by_rule
def test_all_sections_stand_in_order_and_say_something(rule: type[Rule]) -> None:
    found = sections(rule)
    assert tuple(found) == SECTIONS
    assert all(found.values())


@by_rule
def test_example_and_remedy_are_python_and_differ(rule: type[Rule]) -> None:
    example, remedy = (snippets(sections(rule)[s]) for s in ("Example", "Use instead"))
    assert example
    assert remedy
    assert example != remedy
    if rule.code != "PRM001":  # Its example is no Python on purpose.
        for snippet in example + remedy:
            ast.parse(textwrap.dedent(snippet))


@by_rule
def test_references_are_given(rule: type[Rule]) -> None:
    lines = sections(rule)["References"].splitlines()
    assert all(re.match(r"- |  \S", line) for line in lines)


@by_rule
@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_the_code_stands_in_the_documents(rule: type[Rule], name: str) -> None:
    assert rule.code in (ROOT / name).read_text("utf-8")


@by_rule
def test_there_are_programs_that_prove_it(rule: type[Rule]) -> None:
    if rule.code == "PRM001":
        assert not (ROOT / "fixtures" / "prm001").exists()  # There is nothing to execute.
        return
    names = {path.name for path in (ROOT / "fixtures" / rule.code.lower()).iterdir()}
    assert any(name.endswith(".fails.py") for name in names)
    assert any(name.endswith(".silent.py") for name in names)


def test_each_folder_of_fixtures_is_of_a_rule() -> None:
    folders = {path.name for path in (ROOT / "fixtures").glob("prm*")}
    assert folders <= {rule.code.lower() for rule in RULES}
