"""Who reads an attribute, and what else is stored in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Library, Value
from flake8_paramassign.facts.facts import Facts, Store
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.events import Happening
from flake8_paramassign.semantics.frames import Role


def reading_roles(cls: ProjectClass, name: str, facts: Facts) -> set[Role]:
    """The roles of the code that reads ``name`` from objects of a class, or of one below it."""
    return {
        role
        for reader, read, role in facts.read
        if read == name
        and reader is not None
        and (reader in cls.ancestry or cls in reader.ancestry)
    }


def is_read_of_modules(name: str, facts: Facts) -> bool:
    """Whether some code reads ``name`` from Modules of which it is not known of which class."""
    return any(reader is None and read == name for reader, read, _ in facts.read)


def stores_of(cls: ProjectClass, name: str, facts: Facts) -> Iterator[Store]:
    """What may store ``name`` in objects of a class, or of one that is above or below it."""
    for store in facts.stored(name):
        if store.cls is None:
            related = store.is_named  # of any object, which it may be
        else:
            related = store.cls in cls.ancestry or cls in store.cls.ancestry
        if related:
            yield store


def is_only_given_to(function: str, name: str, cls: ProjectClass) -> bool:
    """Whether all that reads an attribute, in the file of a class, hands it to that function."""
    module = cls.module
    nodes = list(ast.walk(module.tree))
    reads = {
        node
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load)
    }
    given = {
        argument
        for node in nodes
        if isinstance(node, ast.Call) and module.static(node.func) == (Library(function),)
        for argument in node.args
    }
    return bool(reads) and reads <= given


def tested(event: Happening) -> frozenset[str]:
    """Names of the attributes that undecided tests on the way to an event have read.

    ``getattr(x, "name", None)`` and ``hasattr(x, "name")`` read one too.
    """
    found: set[str] = set()
    for passed in event.passed:
        test = getattr(passed, "test", passed)
        if isinstance(test, ast.expr):
            for node in ast.walk(test):
                if isinstance(node, ast.Attribute):
                    found.add(node.attr)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return frozenset(found)


def is_repeated(event: Happening, facts: Facts) -> bool:
    """Whether what happens in one run of a method, happens in each run on the same object.

    That is where the tests on the way ask for nothing but what only the constructor sets.
    """
    for passed in event.passed:
        if isinstance(passed, ast.For | ast.AsyncFor):
            continue
        test = getattr(passed, "test", passed)
        if not isinstance(test, ast.expr) or not _asks_for_settings(test, event, facts):
            return False
    return True


def _asks_for_settings(test: ast.expr, event: Happening, facts: Facts) -> bool:
    owner, arguments = event.frame.root.owner, getattr(event.frame.root.node, "args", None)
    own = arguments.args[0].arg if arguments is not None and arguments.args else ""
    for node in ast.walk(test):
        if (isinstance(node, ast.Name) and node.id != own) or isinstance(node, ast.Call):
            return False
        if isinstance(node, ast.Attribute) and node.attr != "training":
            roles = {s.role for s in stores_of(owner, node.attr, facts)} if owner else set()
            if roles != {Role.CONSTRUCTION} or facts.stored_in_skipped(node.attr):
                return False
    return True


def writes_in(node: ast.AST, facts: Facts) -> bool:
    """Whether something is written in place, or by ``out=``, while an expression is evaluated."""
    return any(
        inner in facts.writes or (isinstance(inner, ast.keyword) and inner.arg == "out")
        for inner in ast.walk(node)
    )


def made_at(value: Value | None, state: State, facts: Facts) -> ast.AST | None:
    """The expression that made a tensor."""
    tensor = facts.tensor(value, state)
    return tensor.made.node if tensor is not None and tensor.made is not None else None
