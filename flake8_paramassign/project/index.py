"""What one pass over a function's tree tells of it."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, field

from flake8_paramassign.nodes import FunctionNode, root_name

_LEAVES = frozenset([ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass])
_CHANGING = frozenset(
    """append extend insert add update pop popitem clear remove setdefault sort reverse
    add_module register_module register_parameter register_buffer load_state_dict apply
    half float double bfloat16 to to_empty type __setattr__ __delattr__ requires_grad_
    setattr delattr vars exec
    """.split()
)
"""What changes the object that it is called on, or given; methods of tensors end in ``_``."""


@dataclass(slots=True)
class Content:
    """What the body of a function has, functions inside it included."""

    names: dict[str, None] = field(default_factory=dict)
    """Variables that are named, in the order in which they are met."""
    attributes: Counter[str] = field(default_factory=Counter)
    """How often an attribute of a name is read."""
    own: set[str] = field(default_factory=set)
    """Those that are read of its first argument."""
    stores: bool = False
    """Whether it stores or deletes an attribute or an item."""
    stored: set[str] = field(default_factory=set)
    """Names of attributes that are stored or deleted."""
    escapes: bool = False
    """Whether it does more with its first argument than use its attributes."""
    changing: bool = False
    """Whether it calls what changes the object that it is called on."""
    unknown: set[str] = field(default_factory=set)
    """Names that are called, or begin what is called, which may change what they are given."""


class Index:
    """Looks through functions once, when they are asked for."""

    def __init__(self) -> None:
        """Nothing is looked through yet."""
        self._known: dict[ast.AST, Content] = {}

    def of(self, node: ast.AST) -> Content:
        """What the function, or the file, ``node`` has."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = _content(node)
        return known


def _content(node: ast.AST) -> Content:
    content = Content()
    first = _first_argument(node)
    waiting: list[ast.AST] = [node]
    while waiting:
        inner = waiting.pop()
        kind = inner.__class__
        if kind in _LEAVES:
            continue
        if kind is ast.Name:
            content.names[inner.id] = None  # type: ignore[attr-defined]
            content.escapes = content.escapes or inner.id == first  # type: ignore[attr-defined]
            continue
        if kind is ast.Attribute:
            _attribute(inner, content)  # type: ignore[arg-type]
            owner = inner.value  # type: ignore[attr-defined]
            if owner.__class__ is not ast.Name:
                waiting.append(owner)
            else:
                content.names[owner.id] = None
                if owner.id == first:
                    content.own.add(inner.attr)  # type: ignore[attr-defined]
            continue
        if kind is ast.Subscript:
            content.stores = content.stores or not isinstance(inner.ctx, ast.Load)  # type: ignore[attr-defined]
        elif kind is ast.AugAssign:
            content.stores = True
        elif kind is ast.Call:
            _call(inner, content, first)  # type: ignore[arg-type]
            if getattr(inner.func, "id", "") == "super":  # type: ignore[attr-defined]
                continue
        for name in inner._fields:
            value = getattr(inner, name, None)
            if value.__class__ is list:
                waiting += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)
    return content


def _attribute(node: ast.Attribute, content: Content) -> None:
    if isinstance(node.ctx, ast.Load):
        content.attributes[node.attr] += 1
    else:
        content.stores = True
        content.stored.add(node.attr)


def _call(node: ast.Call, content: Content, first: str) -> None:
    func = node.func
    if isinstance(func, ast.Attribute):
        name = func.attr
        if name in _CHANGING or (name.endswith("_") and not name.endswith("__")):
            content.changing = True
        root = root_name(func)
        if root and root != first:
            content.unknown.add(f"{root}.{name}")
    elif isinstance(func, ast.Name):
        content.changing = content.changing or func.id in _CHANGING
        content.unknown.add(func.id)
    else:
        content.unknown.add("")


def _first_argument(node: ast.AST) -> str:
    if isinstance(node, FunctionNode):
        names = [*node.args.posonlyargs, *node.args.args]
        if names:
            return names[0].arg
    return ""
