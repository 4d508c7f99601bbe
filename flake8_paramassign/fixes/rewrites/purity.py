"""What an expression may do besides giving a value."""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.values import UNKNOWN, Library
from flake8_paramassign.project.module import Module

_PLAIN = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.Tuple, ast.List,
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Starred, ast.Dict, ast.Set,
    ast.JoinedStr, ast.FormattedValue, ast.keyword, ast.expr_context, ast.operator, ast.unaryop,
    ast.cmpop, ast.boolop,
)  # fmt: skip
_LIBRARIES = frozenset(["torch", "math", "numpy"])
_BUILTINS = frozenset(
    "abs bool divmod float int len list max min pow range round sorted str sum tuple zip".split()
)


def is_pure(node: ast.AST, module: Module) -> bool:
    """Whether evaluating ``node`` changes nothing but torch's random state.

    Calls may be of torch's functions and of tensor methods that do not write; ``module`` is
    the file, which tells what its names mean.
    """
    return all(
        isinstance(part, _PLAIN) or (isinstance(part, ast.Call) and _is_harmless(part, module))
        for part in ast.walk(node)
    )


def calls_torch(call: ast.Call, module: Module) -> bool:
    """Whether ``call`` is one of a library's function, or of a method that tensors have."""
    for meaning in module.static(call.func):
        if isinstance(meaning, Library):
            return meaning.name.partition(".")[0] in _LIBRARIES
    return isinstance(call.func, ast.Attribute) and catalogue.method(call.func.attr) is not None


def _is_harmless(call: ast.Call, module: Module) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id in _BUILTINS - module.bindings.keys():
        return True
    if isinstance(call.func, ast.Attribute) and catalogue.method(call.func.attr) is Result.IN_PLACE:
        return is_new_tensor(call.func.value, module)
    return calls_torch(call, module)


def is_new_tensor(node: ast.expr, module: Module) -> bool:
    """Whether ``node`` makes a tensor of its own: ``torch.empty(3)``."""
    meanings = module.static(node.func) if isinstance(node, ast.Call) else UNKNOWN
    return all(isinstance(m, Library) and catalogue.creates_leaf(m.name) for m in meanings)
