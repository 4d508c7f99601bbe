"""Which functions of a file are worth running.

Most code only computes. A look at its statements, which costs a small part of parsing it, tells
whether a function could store a Parameter, over a Parameter, or a container of Modules; only
those are interpreted. Like the gate, this never hides a finding.
"""

from __future__ import annotations

import ast
import builtins
import re
from functools import cached_property

from flake8_paramassign import catalogue
from flake8_paramassign.inference.classes import ProjectClass, TorchClass
from flake8_paramassign.inference.interpreter import Interpreter
from flake8_paramassign.nodes import FunctionNode, root_name
from flake8_paramassign.signs import Signs, Wanted, within

_OPTIMIZERS = re.compile(
    r"optim\.\w+\(|[oO]ptimizers?\w*\(|Adam\w*\(|SGD\(|RMSprop\(|DataParallel\("
)
_PAST_INIT = re.compile(r"\.data\b|(?<!init)\.\w+[^\W_]_\(|\]\s*=(?!=)")
"""What an ``_init_weights`` does that is not done by nn.init."""

_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LITERALS = (ast.Constant, ast.Lambda, ast.JoinedStr, *_DISPLAYS, *_COMPREHENSIONS)
"""Expressions that are no tensor, nor computed from one."""
_BUILTINS = frozenset(dir(builtins))
_NESTED = ("body", "orelse", "finalbody")

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def run(interpreter: Interpreter, wanted: Wanted, *, exhaustive: bool = False) -> None:
    """Run all that may hold a finding, or just all, each function once for any arguments."""
    kind = Everything if exhaustive else Candidates
    candidates = kind(interpreter, wanted)
    body = interpreter.module.tree.body
    for statement in body:
        if not isinstance(statement, _DEFINITIONS):
            interpreter.effort.allow(statement)
    if candidates.in_script(body):
        interpreter.run_top_level()
    for statement in body:
        if isinstance(statement, _DEFINITIONS):
            interpreter.effort.allow(statement)
        _run_definitions(statement, candidates, interpreter)


def _run_definitions(statement: ast.stmt, candidates: Candidates, interpreter: Interpreter) -> None:
    if isinstance(statement, ast.ClassDef):
        cls = interpreter.module.class_of(statement)
        wanted = candidates.methods(cls)
        if wanted:
            interpreter.run_class(cls, wanted)
        for inner in statement.body:
            if isinstance(inner, ast.ClassDef):
                _run_definitions(inner, candidates, interpreter)
    elif isinstance(statement, FunctionNode):
        if candidates.wants(statement, None):
            interpreter.run_function(statement)
    else:
        for name in (*_NESTED, "handlers"):
            for inner in getattr(statement, name, ()):
                if isinstance(inner, ast.stmt | ast.ExceptHandler):
                    _run_definitions(inner, candidates, interpreter)


_Store = tuple[str, "ast.expr | None", bool]


class Candidates:
    """Looks at the statements of one file."""

    def __init__(self, interpreter: Interpreter, wanted: Wanted) -> None:
        """Nothing is looked at yet."""
        self._wanted = wanted
        self._interpreter = interpreter
        self._source = interpreter.source
        self._marks = Signs(interpreter.source, wanted.signs)

    @cached_property
    def _signs(self) -> list[int]:
        """The lines with a sign, or with a call of a function that has one, ascending."""
        lines = self._marks.all(self._over_slot)
        helpers = [
            function.name
            for function in self._interpreter.module.tree.body
            if isinstance(function, FunctionNode)
            and function.args.args
            and (_has(lines, function) or self._stores_slot(function.body))
        ]
        return sorted({*lines, *self._marks.calls(helpers)}) if helpers else lines

    def _has_sign(self, node: ast.stmt) -> bool:
        return _has(self._signs, node)

    @cached_property
    def _names(self) -> frozenset[str]:
        """Attribute names that may be Parameter slots: stored near a sign in the file."""
        names: set[str] = set()
        for function in _functions(self._interpreter.module.tree.body):
            if _has(self._marks.makes, function):
                names |= {name for name, _, _ in _stores(function.body)}
        return frozenset(names)

    def in_script(self, body: list[ast.stmt]) -> bool:
        """Whether the statements outside functions and classes are worth running."""
        outside = [s for s in body if not isinstance(s, _DEFINITIONS)]
        if not outside:
            return False
        signed = any(
            self._has_sign(s) for s in outside if not isinstance(s, ast.Import | ast.ImportFrom)
        )
        return signed or self._stores_slot(outside) or self._replaces_layer(_stores(outside), None)

    def methods(self, cls: ProjectClass) -> set[FunctionNode]:
        """The methods of ``cls`` that are worth running."""
        return {f for f in cls.functions if self.wants(f, cls)}

    def wants(self, function: FunctionNode, cls: ProjectClass | None) -> bool:
        """Whether a function, or a method of a class, is worth running."""
        if self._has_sign(function):
            return True
        stores = _stores(function.body)
        if any(self._over_slot(name) for name, _, _ in stores):
            return True
        if self._replaces_layer(stores, function if cls is None else cls.node):
            return True
        if function.name == "_init_weights" and _PAST_INIT.search(self._source.lines_of(function)):
            return True
        if cls is None or not cls.node.bases:
            return False
        # What follows is wrong for Modules only; the base classes are looked up last.
        parameters = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
        on_self = [value for _, value, is_on_self in stores if is_on_self]
        is_init = function.name == "__init__"
        early = is_init and _stores_before_init(function)
        held = any(_may_be_container(value, parameters) for value in on_self)
        if is_init and self._wanted.computed and not (early or held):
            held = _computes(function, cls, on_self)
        if (early or held) and cls.is_module is not False:
            return True
        if any(self._reads_slot(value, self._names) for _, value, _ in stores):
            return cls.is_module is not False
        inherited = self._inherited(cls) if stores else frozenset()
        return any(
            name in inherited or self._reads_slot(value, inherited) for name, value, _ in stores
        )

    def _stores_slot(self, body: list[ast.stmt]) -> bool:
        return any(self._over_slot(name) for name, _, _ in _stores(body))

    def _replaces_layer(self, stores: list[_Store], around: ast.stmt | None) -> bool:
        """Whether ``model.fc = nn.Linear(...)`` is near an optimizer, in ``around`` or at all."""
        if not any(isinstance(value, ast.Call) and not on_self for _, value, on_self in stores):
            return False
        text = self._source.lines_of(around) if around else self._source.text
        return _OPTIMIZERS.search(text) is not None

    def _over_slot(self, name: str) -> bool:
        return name in self._names or catalogue.is_stock_slot(name)

    @staticmethod
    def _reads_slot(value: ast.expr | None, names: frozenset[str]) -> bool:
        """Whether ``value`` is computed from an attribute that may be a Parameter."""
        if value is None or not names or isinstance(value, ast.Constant | ast.Name):
            return False
        return any(
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
            and node.attr in names
            for node in ast.walk(value)
        )

    @staticmethod
    def _inherited(cls: ProjectClass) -> frozenset[str]:
        """Names that may be Parameter slots of a base class: torch's, or one in another file."""
        names: set[str] = set()
        for ancestor in cls.ancestry:
            if isinstance(ancestor, TorchClass) and ancestor.name != "torch.nn.Module":
                names |= set(ancestor.entry.slots({}) or ())
            elif isinstance(ancestor, ProjectClass) and ancestor.module is not cls.module:
                names |= ancestor.module.slot_names
        return frozenset(names)


class Everything(Candidates):
    """Takes every function for a candidate."""

    def in_script(self, body: list[ast.stmt]) -> bool:
        """Always."""
        return True

    def wants(self, function: FunctionNode, cls: ProjectClass | None) -> bool:
        """Always."""
        return True


def _has(lines: list[int], node: ast.stmt) -> bool:
    """Whether one of ``lines`` is in ``node``; those of its docstring do nothing."""
    first, last = node.lineno, node.end_lineno or node.lineno
    if isinstance(node, FunctionNode) and len(node.body) > 1 and ast.get_docstring(node, False):
        text, code = node.body[:2]
        if (text.end_lineno or last) < code.lineno:
            return within(lines, first, text.lineno - 1) or within(lines, code.lineno, last)
    return within(lines, first, last)


def _functions(body: list[ast.stmt]) -> list[FunctionNode]:
    """Functions and methods of a file, without those nested in functions."""
    found: list[FunctionNode] = []
    for statement in body:
        if isinstance(statement, FunctionNode):
            found.append(statement)
        else:
            for name in _NESTED:
                found += _functions(getattr(statement, name, []))
    return found


def _stores(body: list[ast.stmt]) -> list[_Store]:
    """Every attribute that is stored in ``body``: its name, its value, whether on ``self``."""
    found: list[_Store] = []
    stack: list[ast.AST] = list(body)
    while stack:
        statement = stack.pop()
        kind = type(statement)
        if kind is ast.Assign:
            for target in statement.targets:  # type: ignore[attr-defined]
                _add_targets(target, statement.value, found)  # type: ignore[attr-defined]
        elif kind is ast.AnnAssign or kind is ast.AugAssign:
            _add_targets(statement.target, statement.value, found)  # type: ignore[attr-defined]
        elif kind is ast.For or kind is ast.AsyncFor:
            _add_targets(statement.target, None, found)  # type: ignore[attr-defined]
        elif kind is ast.With or kind is ast.AsyncWith:
            for item in statement.items:  # type: ignore[attr-defined]
                if item.optional_vars is not None:
                    _add_targets(item.optional_vars, None, found)
        elif kind is ast.Expr:
            _add_filling(statement.value, found)  # type: ignore[attr-defined]
        elif kind is ast.Match:
            for case in statement.cases:  # type: ignore[attr-defined]
                stack += case.body
        if kind not in _SIMPLE:
            for name in ("body", "orelse", "finalbody", "handlers"):
                stack += getattr(statement, name, ())
    return found


_SIMPLE = frozenset(
    [ast.Assign, ast.Expr, ast.Return, ast.AugAssign, ast.AnnAssign, ast.Assert, ast.Raise]
)


def _add_targets(target: ast.expr, value: ast.expr | None, found: list[_Store]) -> None:
    if isinstance(target, ast.Attribute):
        on_self = isinstance(target.value, ast.Name) and target.value.id == "self"
        found.append((target.attr, value, on_self))
    elif isinstance(target, ast.Subscript):
        if isinstance(target.value, ast.Attribute):
            found.append((target.value.attr, None, False))
    elif isinstance(target, ast.Tuple | ast.List):
        values = getattr(value, "elts", [])
        for index, part in enumerate(target.elts):
            matching = len(values) == len(target.elts)
            _add_targets(part, values[index] if matching else value, found)


def _add_filling(value: ast.expr, found: list[_Store]) -> None:
    """``self.blocks.append(block)`` counts as a store of ``blocks``."""
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr in ("append", "extend", "insert")
        and isinstance(value.func.value, ast.Attribute)
        and isinstance(value.func.value.value, ast.Name)
        and value.func.value.value.id == "self"
    ):
        found.append((value.func.value.attr, ast.List(value.args), True))


def _stores_before_init(function: FunctionNode) -> bool:
    """Whether ``__init__`` makes something for ``self`` before it calls another ``__init__``."""
    for statement in function.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if any(isinstance(n, ast.Attribute) and n.attr == "__init__" for n in ast.walk(statement)):
            return False
        if any(isinstance(value, ast.Call) for _, value, _ in _stores([statement])):
            return True
        if any(
            isinstance(n, ast.Attribute) and n.attr in ("register_buffer", "add_module")
            for n in ast.walk(statement)
        ):
            return True
    return False


def _may_be_container(value: ast.expr | None, parameters: set[str]) -> bool:
    """Whether an attribute's value may be a container of Modules or Parameters made here."""
    if isinstance(value, _DISPLAYS):
        elements = value.values if isinstance(value, ast.Dict) else value.elts
        return not elements or any(not isinstance(e, ast.Constant) for e in elements)
    if isinstance(value, _COMPREHENSIONS):
        return True
    if isinstance(value, ast.Name):
        return value.id not in parameters
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) or (
            isinstance(value.func, ast.Attribute)
            and isinstance(value.func.value, ast.Name)
            and value.func.value.id == "self"
        )
    if isinstance(value, ast.IfExp):
        return _may_be_container(value.body, parameters) or _may_be_container(
            value.orelse, parameters
        )
    if isinstance(value, ast.BinOp):
        return _may_be_container(value.left, parameters) or _may_be_container(
            value.right, parameters
        )
    return False


def _computes(init: FunctionNode, cls: ProjectClass, stored: list[ast.expr | None]) -> bool:
    """Whether ``__init__`` may store a tensor it makes, itself or in a method it calls."""
    nodes = list(ast.walk(init))
    if any(
        isinstance(node, ast.Attribute)
        and (node.attr in cls.members or node.attr == "register_buffer")
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        for node in nodes
    ):
        return True
    made = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    given = {node.arg for node in nodes if isinstance(node, ast.arg)} - made
    return any(_may_be_tensor(value, made, given) for value in stored)


def _may_be_tensor(value: ast.expr | None, made: set[str], given: set[str]) -> bool:
    """Whether an attribute's value may be a tensor that is made here.

    ``made``: the names of the function's variables; ``given``: those of its parameters.
    """
    if value is None or isinstance(value, _LITERALS):
        return False
    if isinstance(value, ast.Name):
        return value.id in made
    if isinstance(value, ast.Attribute | ast.Subscript):
        return _may_be_tensor(value.value, made, given)
    if isinstance(value, ast.Call):
        name: str = getattr(value.func, "attr", "") or getattr(value.func, "id", "")
        if isinstance(value.func, ast.Name) and name in _BUILTINS:
            return False
        if name[:1].isupper():
            return "Tensor" in name
        return root_name(value.func, through_calls=True) not in given
    if isinstance(value, ast.BinOp):
        return any(_may_be_tensor(side, made, given) for side in (value.left, value.right))
    if isinstance(value, ast.Compare):
        sides = [value.left, *value.comparators]
        return any(_may_be_tensor(side, made, given) for side in sides)
    if isinstance(value, ast.IfExp):
        return any(_may_be_tensor(side, made, given) for side in (value.body, value.orelse))
    return True
