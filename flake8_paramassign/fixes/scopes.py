"""What a name means at a place in a module: which import it stands for, if any."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Place = tuple[int, int]
"""A line from 1 and a column from 0 in UTF-8 bytes, as ``ast`` counts."""

Import = ast.Import | ast.ImportFrom

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TRIES = tuple(getattr(ast, name) for name in ("Try", "TryStar") if hasattr(ast, name))

# torch.nn offers what these define: `torch.nn.parameter.Parameter` is `torch.nn.Parameter`.
_INNER_MODULE = re.compile(r"^torch\.nn\.(?:parameter|modules(?:\.\w+)?)(?=\.[A-Z])")


@dataclass(frozen=True, eq=False)
class Arm:
    """A block of a statement that has several, of which only those of one ``index`` run."""

    statement: ast.AST
    index: int


@dataclass(frozen=True, eq=False)
class Binding:
    """A place that gives a name a meaning."""

    place: Place
    arms: tuple[Arm, ...]
    """The blocks around it that may not run."""
    meaning: str | None = None
    """The dotted name that an import stands for; None where it is no import."""
    statement: Import | None = None

    @property
    def is_for_typing(self) -> bool:
        """Whether only a type checker sees it."""
        return any(
            isinstance(arm.statement, ast.If)
            and arm.index == 0
            and ast.unparse(arm.statement.test).split(".")[-1] == "TYPE_CHECKING"
            for arm in self.arms
        )

    def excludes(self, other: Binding) -> bool:
        """Whether only one of the two is made."""
        mine = {arm.statement: arm.index for arm in self.arms}
        return any(mine.get(arm.statement, arm.index) != arm.index for arm in other.arms)

    def may_be_made_before(self, place: Place) -> bool:
        """Whether ``place`` comes after it, and not in another arm of a statement."""
        return self.place < place and not any(
            index != arm.index and _spans(block, place)
            for arm in self.arms
            for index, block in _blocks(arm.statement)
        )

    def is_made_before(self, place: Place) -> bool:
        """Whether ``place`` is not reached without it; what is tried is taken to work."""
        return self.place < place and all(
            any(index == arm.index and _spans(block, place) for index, block in _blocks(statement))
            or (isinstance(statement, _TRIES) and arm.index == 0)
            for arm in self.arms
            for statement in [arm.statement]
        )


@dataclass(eq=False)
class Scope:
    """A module, class, function or comprehension, and the names that it binds."""

    node: ast.AST
    start: Place
    end: Place
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    globals: set[str] = field(default_factory=set)


class Scopes:
    """The scopes of a module."""

    def __init__(self, tree: ast.Module) -> None:
        """Find every binding of the module ``tree``."""
        self._module = Scope(tree, (0, 0), (0, 0))
        self._inner: list[Scope] = []
        self._bind(tree)
        for scope in self._inner:
            for name in scope.globals & scope.bindings.keys():
                self._module.bindings[name] += scope.bindings.pop(name)

    def names(self, dotted: str, place: Place) -> list[str]:
        """Return the names that stand for ``dotted`` at ``place``, the first import first."""
        view = self._view(place)
        imports = sorted(
            (binding.place, name)
            for scope, _ in view
            for name, bindings in scope.bindings.items()
            for binding in bindings
            if binding.meaning == dotted
        )
        names = dict.fromkeys(name for _, name in imports)
        return [name for name in names if _means(name, dotted, place, view)]

    def is_free(self, name: str, dotted: str, place: Place) -> bool:
        """Whether an import may give ``name`` the meaning ``dotted`` for use at ``place``."""
        return all(
            binding.meaning == dotted
            for scope, _ in self._view(place)
            for binding in scope.bindings.get(name, ())
        )

    def imports(self, place: Place) -> list[Import]:
        """Return the imports that are made before ``place``, those of the innermost scope first."""
        found: dict[Import, None] = {}
        for scope, later in self._view(place):
            imports = [b for bindings in scope.bindings.values() for b in bindings if b.statement]
            for binding in sorted(imports, key=lambda binding: binding.place):
                if binding.statement and _is_made(binding, scope, later, place):
                    found[binding.statement] = None
        return list(found)

    def _view(self, place: Place) -> list[tuple[Scope, bool]]:
        """Return the scopes whose names are seen at ``place``, the innermost first.

        With each, whether ``place`` is in a function within it, which runs later. The names of
        a class are not seen in its methods.
        """
        # A scope stands behind those around it in the list.
        around = [s for s in reversed(self._inner) if s.start <= place <= s.end]
        view = []
        later = False
        for scope in (*around, self._module):
            if not (later and isinstance(scope.node, ast.ClassDef)):
                view.append((scope, later))
            later = later or isinstance(scope.node, _FUNCTIONS)
        return view

    def _bind(self, tree: ast.Module) -> None:
        # Not recursive: a chain of a few hundred `elif` is ordinary code.
        waiting: list[tuple[ast.AST, Scope, tuple[Arm, ...]]] = [(tree, self._module, ())]
        while waiting:
            node, scope, arms = waiting.pop()
            for name, meaning in _bound(node):
                statement = node if isinstance(node, Import) else None
                scope.bindings[name].append(Binding(start(node), arms, meaning, statement))
            if isinstance(node, ast.Global):
                scope.globals.update(node.names)
            body = _body(node)
            if body:
                whole = node if isinstance(node, _COMPREHENSIONS) else None
                inner = Scope(node, start(whole or body[0]), end(whole or body[-1]))
                for argument in _arguments(node):
                    inner.bindings[argument.arg].append(Binding(start(argument), ()))
                self._inner.append(inner)
                waiting += [(child, inner, ()) for child in body]
            in_blocks = {
                child: (*arms, Arm(node, index))
                for index, block in _blocks(node)
                for child in block
            }
            outside = set(ast.iter_child_nodes(node)).difference(body)
            waiting += [(child, scope, in_blocks.get(child, arms)) for child in outside]


def _spans(nodes: Sequence[ast.AST], place: Place) -> bool:
    """Whether ``place`` lies between the first and the last of ``nodes``."""
    return bool(nodes) and start(nodes[0]) <= place <= end(nodes[-1])


def _imported(statement: Import) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, with the dotted name of what it stands for."""
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
            yield (
                alias.asname or alias.name,
                _INNER_MODULE.sub("torch.nn", f"{module}.{alias.name}"),
            )
        elif alias.asname:
            yield alias.asname, alias.name
        else:
            package = alias.name.partition(".")[0]
            yield package, package


def _means(name: str, dotted: str, place: Place, view: Iterable[tuple[Scope, bool]]) -> bool:
    """Whether ``name`` stands for ``dotted`` at ``place``.

    The first import in its scope decides; another arm of the same statement may give the name
    another meaning, for where there is no such module.
    """
    scope, later = next((s, later) for s, later in view if name in s.bindings)
    bindings = [b for b in scope.bindings[name] if not b.is_for_typing]
    same = [b for b in bindings if b.meaning == dotted]
    first = min(bindings, key=lambda b: (b.meaning is None, b.place), default=None)
    return (
        first in same
        and all(b in same or any(s.excludes(b) for s in same) for b in bindings)
        and any(_is_made(b, scope, later, place) for b in same)
    )


def _is_made(binding: Binding, scope: Scope, later: bool, place: Place) -> bool:
    """Whether a binding in ``scope`` is made when ``place`` is reached."""
    if binding.is_for_typing:
        return False
    if isinstance(scope.node, _FUNCTIONS):
        return binding.is_made_before(place)
    return later or binding.may_be_made_before(place)


def _bound(node: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Yield the names that ``node`` itself binds, each with its meaning if it is an import."""
    match node:
        case ast.Import() | ast.ImportFrom():
            yield from _imported(node)
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name, None
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, None
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            yield name, None


def _body(node: ast.AST) -> list[ast.AST]:
    """Return the children of ``node`` that have a scope of their own."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [*node.body]
        case ast.Lambda():
            return [node.body]
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return [node.elt, *node.generators]
        case ast.DictComp():
            return [node.key, node.value, *node.generators]
    return []


def _arguments(node: ast.AST) -> list[ast.arg]:
    if not isinstance(node, _FUNCTIONS):
        return []
    found = node.args
    rest = [argument for argument in (found.vararg, found.kwarg) if argument]
    return [*found.posonlyargs, *found.args, *found.kwonlyargs, *rest]


def _blocks(node: ast.AST) -> list[tuple[int, Sequence[ast.AST]]]:
    """Return the blocks of ``node``, numbered; only those of one number run."""
    if isinstance(node, ast.If):
        return [(0, node.body), (1, node.orelse)]
    if isinstance(node, _TRIES):
        handlers = [(index, [handler]) for index, handler in enumerate(node.handlers, 1)]
        return [(0, node.body), (0, node.orelse), *handlers]
    return []


def start(node: ast.AST) -> Place:
    """Return where ``node`` begins."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def end(node: ast.AST) -> Place:
    """Return where ``node`` ends."""
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)
