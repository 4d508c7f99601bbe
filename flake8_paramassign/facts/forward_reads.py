"""Which attributes of its Module ``forward`` uses, as the code of the classes shows it.

It is asked by an opt-in rule, of which the claim is about how an attribute is used and not about
what it holds: so this looks at the operations in the code, and not at values.

An attribute counts as used where an operation takes it as it lies. What first moves it
(``self.mask.to(x.device)``) or only looks at it (``self.mask.shape``) does as well with a tensor
on another device.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.values import Library
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.classes import Class, ProjectClass

_MOVES = frozenset(["cpu", "cuda", "npu", "to", "type_as", "xpu"])
"""Methods that put a tensor where it is needed."""
_TAKES_ANY = frozenset(
    """array as_tensor asarray bool enumerate float getattr hasattr int is_tensor isinstance len
    list new_tensor print range tensor to tuple type type_as zip
    """.split()
)
"""Functions and methods that do with an argument on any device."""
_MAY_SHARE = frozenset([Result.VIEW, Result.SELF, Result.MAYBE_SELF])
_COPIES = frozenset(["repeat", "repeat_interleave"])
"""Methods whose arguments are no tensors, and whose result may be moved as well."""


def used_by_forward(cls: ProjectClass, name: str) -> bool:
    """Whether ``forward``, or a method it calls, uses the attribute ``name`` as it lies."""
    return any(
        method.uses(read)
        for method in _run_by_forward(cls)
        for read in method.of_self
        if read.attr == name
    )


def _run_by_forward(cls: ProjectClass) -> list[_Method]:
    """``forward``, and the methods and properties that it needs, each once."""
    methods: list[_Method] = []
    waiting = [_find("forward", cls.ancestry)]
    while waiting:
        method = waiting.pop()
        if method is None or method in methods:
            continue
        methods.append(method)
        above = cls.ancestry[cls.ancestry.index(method.holder) + 1 :]
        waiting += [_find(node.attr, cls.ancestry) for node in method.of_self]
        waiting += [_find(node.attr, above) for node in method.of_super]
    return methods


def _find(name: str, ancestry: tuple[Class, ...]) -> _Method | None:
    for ancestor in ancestry:
        member = ancestor.members.get(name) if isinstance(ancestor, ProjectClass) else None
        if isinstance(ancestor, ProjectClass) and member is not None:
            return _Method(ancestor, member) if isinstance(member, FunctionNode) else None
    return None


@dataclass(frozen=True)
class _Method:
    """A method, and what it does with the attributes of its object."""

    holder: ProjectClass
    node: FunctionNode

    @cached_property
    def _attributes(self) -> list[ast.Attribute]:
        nodes = (node for node in ast.walk(self.node) if isinstance(node, ast.Attribute))
        return [node for node in nodes if isinstance(node.ctx, ast.Load)]

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {c: node for node in ast.walk(self.node) for c in ast.iter_child_nodes(node)}

    @cached_property
    def _object(self) -> str:
        """What the method calls the object: ``self``."""
        arguments = [*self.node.args.posonlyargs, *self.node.args.args]
        return arguments[0].arg if arguments else ""

    @property
    def of_self(self) -> list[ast.Attribute]:
        """The attributes that it reads of its object."""
        return [n for n in self._attributes if _is_name(n.value, self._object)]

    @property
    def of_super(self) -> list[ast.Attribute]:
        """The attributes that it reads of ``super()``."""
        return [
            node
            for node in self._attributes
            if isinstance(node.value, ast.Call) and _is_name(node.value.func, "super")
        ]

    def uses(self, part: ast.AST, *, alias: bool = False) -> bool:
        """Whether an operation takes ``part`` as it lies; False where that is not clear.

        ``part`` is a tensor attribute, or is computed of nothing but such attributes; ``alias``:
        it is read from a local.
        """
        match user := self._parents[part]:
            case ast.Attribute():
                return self._uses_member(user, alias)
            case ast.Subscript(value=ast.expr() as value) if value is part:
                return isinstance(user.ctx, ast.Load) and self.uses(user, alias=alias)
            case ast.BinOp():
                return not self._is_constant(user) or self.uses(user, alias=alias)
            case ast.Compare():
                return not any(isinstance(op, ast.Is | ast.IsNot) for op in user.ops)
            case ast.Call():
                called = _last_name(user.func)
                if user.func is part or called in _TAKES_ANY or called in self._moving:
                    return False
                return not self._is_constant(user) or self.uses(user, alias=alias)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert()):
                return self.uses(user, alias=alias)
            case ast.keyword() | ast.List() | ast.NamedExpr() | ast.Slice() | ast.Tuple():
                return self.uses(user, alias=alias)
            case ast.IfExp():
                arms = {user.body, user.orelse}
                if part not in arms or any(self._reads_as(arm, part) for arm in arms - {part}):
                    return False
                return self.uses(user, alias=alias)
            case ast.Assign(targets=[ast.Name(id=name)]) if not alias:
                loads = [n for n in ast.walk(self.node) if _is_name(n, name) and _is_load(n)]
                return bool(loads) and all(self.uses(load, alias=True) for load in loads)
            case ast.Return():
                return self.node.name == "forward"
            case ast.Subscript() | ast.AugAssign():
                return True
        return False

    def _uses_member(self, member: ast.Attribute, alias: bool) -> bool:
        """Whether a method or an attribute of a tensor takes it as it lies."""
        name, call = member.attr, self._parents[member]
        if not isinstance(call, ast.Call) or call.func is not member:
            return catalogue.attribute(name) in _MAY_SHARE and self.uses(member, alias=alias)
        if name in _MOVES and not _asks_for_dtype(call):
            return False
        result = catalogue.method(name)
        if result in _MAY_SHARE or name in _COPIES or self._is_constant(call):
            return result is not Result.OTHER and self.uses(call, alias=alias)
        return result in (Result.NEW, Result.TUPLE)

    def _reads_as(self, other: ast.AST, part: ast.AST) -> bool:
        """Whether ``other`` handles the attribute too: ``m.to(device) if device else m``."""
        return ast.dump(part) in map(ast.dump, ast.walk(other))

    @cached_property
    def _moving(self) -> frozenset[str]:
        """The functions of the file that move something, maybe what they are given."""
        return frozenset(
            function.name
            for function in ast.walk(self.holder.module.tree)
            if isinstance(function, FunctionNode)
            and any(isinstance(n, ast.Attribute) and n.attr in _MOVES for n in ast.walk(function))
        )

    def _is_constant(self, node: ast.AST) -> bool:
        """Whether an expression is made of attributes of the object and of constants only."""
        return all(
            name.id == self._object
            or all(isinstance(v, Library) for v in self.holder.module.static(name))
            for name in ast.walk(node)
            if isinstance(name, ast.Name)
        )


def _asks_for_dtype(call: ast.Call) -> bool:
    """Whether ``.to(...)`` names a dtype, and no device."""
    if any(keyword.arg not in ("copy", "dtype", "non_blocking") for keyword in call.keywords):
        return False
    named = any(keyword.arg == "dtype" for keyword in call.keywords)
    return (named or bool(call.args)) and all(map(_is_dtype, call.args))


def _is_dtype(node: ast.expr) -> bool:
    text = ast.unparse(node)
    return text.endswith(".dtype") or catalogue.dtype_is_integer(text) is not None


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_load(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Load)
