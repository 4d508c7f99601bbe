"""The house: who may import whom."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = "flake8_paramassign"


def name_of(path: Path) -> str:
    """The dotted name of a file of the project."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted((ROOT / OURS).rglob("*.py"))}


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """The names of modules and members that a file imports, and whether only when it is called."""
    waiting: list[tuple[ast.AST, bool]] = [(ast.parse(path.read_bytes()), False)]
    while waiting:
        node, later = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, later) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "absolute imports only"
            yield from ((f"{node.module}.{alias.name}", later) for alias in node.names)
        later = later or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        waiting.extend((child, later) for child in ast.iter_child_nodes(node))


def module_of(name: str) -> str | None:
    """The module of ours that an imported name is, or is a member of."""
    return (
        name if name in FILES else next((n for n in [name.rpartition(".")[0]] if n in FILES), None)
    )


KNOT = frozenset(
    f"{OURS}.{name}" for name in ("domain.values", "project.classes", "project.module")
)
"""A value may be a class, a class stands in a file, a file's names have values: one type, which
goes round in itself. Their runtime imports do not, and nothing else may join them."""


def graph() -> dict[str, set[str]]:
    """Which modules each module imports at once, those for type checking among them."""
    return {
        name: {
            module
            for imports, later in imported(path)
            if not later and (module := module_of(imports)) and module != name
        }
        for name, path in FILES.items()
    }


def test_the_linter_imports_nothing_of_the_commands() -> None:
    """A user's own folder may be called ``codemods``, and would be run."""
    found = {
        f"{name} imports {imports}"
        for name, path in FILES.items()
        for imports, _ in imported(path)
        if imports.partition(".")[0] != OURS and imports.partition(".")[0] in ("codemods", "tests")
    }
    assert found == set()


def test_no_imports_go_round_in_circles() -> None:
    tied = "+".join(sorted(KNOT))
    modules: dict[str, set[str]] = {}
    for name, imports in graph().items():
        one = {tied if i in KNOT else i for i in imports}
        modules.setdefault(tied if name in KNOT else name, set()).update(one)
    modules[tied].discard(tied)
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


_DISK = frozenset(
    "open exists is_file is_dir is_symlink isfile isdir islink lexists stat lstat resolve realpath "
    "walk scandir listdir iterdir glob rglob read_text read_bytes read_regular".split()
)
_ASK = ("domain", "project", "semantics", "facts", "rules", "report")


def test_an_analysis_asks_the_disk_only_through_its_surroundings() -> None:
    """Else the cache would not know on what it rests, nor an editor what is not saved."""
    asked = {
        f"{name} calls {called}"
        for name, path in FILES.items()
        if name.split(".")[1:2] and name.split(".")[1] in _ASK
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call)
        and (called := getattr(node.func, "attr", getattr(node.func, "id", ""))) in _DISK
        and not re.match(r"ast\.|(self\.)?surroundings\.", ast.unparse(node.func))
    }
    assert asked == set()


LAYERS = ("catalogue", "project", "semantics", "facts", "rules", "report", "fixes")
"""From the ground up: none imports one that stands to its right."""


def test_the_analysis_is_built_in_layers() -> None:
    wrong = [
        f"{name} imports {imports}"
        for name, modules in graph().items()
        for imports in modules
        if (low := layer(name)) is not None and (high := layer(imports)) is not None and high > low
    ]
    assert wrong == []


def layer(name: str) -> int | None:
    top = f"{name}.".split(".")[1]
    return LAYERS.index(top) if top in LAYERS else None
