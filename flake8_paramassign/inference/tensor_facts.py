"""What the text of a call tells about a tensor: its dtype, and where it is placed.

Places are the arguments of conversions, as text: two equal ones ask for the same.
"""

from __future__ import annotations

import ast

from flake8_paramassign import catalogue

FLOATS = frozenset(["float32", "torch.float16", "torch.float64", "torch.bfloat16"])
OTHER_FLOATS = FLOATS - {"float32"}
_METHOD_PLACES = {
    "float": "float32", "half": "torch.float16", "double": "torch.float64",
    "bfloat16": "torch.bfloat16",
}  # fmt: skip
_DTYPE_NAMES = {
    "torch.float32": "float32", "torch.float": "float32", "torch.half": "torch.float16",
    "torch.double": "torch.float64",
}  # fmt: skip
_DEFAULT_FLOAT = frozenset(["randn", "rand", "zeros", "ones", "empty", "eye"])
_FACTS = frozenset(["shape", "size", "ndim", "dtype", "device", "numel", "dim"])


def places_of(method: str, node: ast.Call) -> frozenset[str]:
    """What a conversion asks for, in a form that two equal requests share."""
    if method in _METHOD_PLACES:
        return frozenset([_METHOD_PLACES[method]])
    if method == "cuda" and not node.args and not node.keywords:
        return frozenset(["'cuda'"])
    arguments = [*node.args, *(k.value for k in node.keywords if k.arg in ("device", "dtype"))]
    if any(k.arg == "copy" for k in node.keywords):
        return frozenset()
    return frozenset(_place(a) for a in arguments if not isinstance(a, ast.Constant | ast.Starred)
                     or isinstance(getattr(a, "value", None), str))  # fmt: skip


def operand_places(node: ast.expr) -> frozenset[str]:
    """Where the operands of an expression are: its result is there too, as torch demands.

    ``nn.Parameter(w[rows])`` is on ``w.device`` and has ``w.dtype``, and ``x.to(device)`` is
    where it was asked to be.
    """
    if isinstance(node, ast.Attribute) and node.attr in _FACTS:
        return frozenset()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("to", "cuda", *_METHOD_PLACES):
            return places_of(node.func.attr, node)
    found: set[str] = set()
    if isinstance(node, ast.Name | ast.Attribute):
        text = ast.unparse(node)
        found |= {f"{text}.device", f"{text}.dtype"}
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            found |= operand_places(child)
    return frozenset(found)


def _place(node: ast.expr) -> str:
    text = ast.unparse(node)
    return _DTYPE_NAMES.get(text, text)


def dtype_of(name: str, node: ast.Call) -> tuple[bool | None, frozenset[str]]:
    """Whether a created tensor holds integers, and the places it is known to be in."""
    short = name.rpartition(".")[2]
    places = frozenset(
        _place(k.value) for k in node.keywords if k.arg in ("device", "dtype") and k.value
    )
    explicit = any(k.arg == "dtype" for k in node.keywords)
    if explicit:
        dtype = next(k.value for k in node.keywords if k.arg == "dtype")
        text = ast.unparse(dtype)
        return (True if catalogue.dtype_is_integer(text) else None), places
    if short in _DEFAULT_FLOAT:
        return False, places | {"float32"}
    if short == "arange":
        return _counts(node.args), places
    if short in ("tensor", "full", "as_tensor"):
        return _literal_integers(node, short), places
    return (True if catalogue.integer_result(name) else None), places


def _literal_integers(node: ast.Call, short: str) -> bool | None:
    """Whether the literal data of ``torch.tensor`` and its like are all integers or bools."""
    data: list[ast.expr] = list(node.args)
    if short in ("tensor", "as_tensor"):
        data = data[:1]
    elif short == "full":
        data = data[1:2]
    leaves = [leaf for argument in data for leaf in _leaves(argument)]
    if not leaves:
        return None
    if any(isinstance(leaf, ast.Constant) and isinstance(leaf.value, float) for leaf in leaves):
        return False
    known = all(isinstance(x, ast.Constant) and isinstance(x.value, int) for x in leaves)
    return True if known else None


def _counts(bounds: list[ast.expr]) -> bool | None:
    """Whether ``torch.arange(*bounds)`` counts in integers: ``arange(n)`` is written for that."""
    for bound in bounds:
        plain = isinstance(bound, ast.Name) and len(bounds) == 1
        if isinstance(bound, ast.UnaryOp):
            bound = bound.operand
        whole = isinstance(bound, ast.Constant) and isinstance(bound.value, int)
        called = isinstance(bound, ast.Call) and ast.unparse(bound.func) in ("len", "int")
        if not (plain or whole or called):
            return None
    return True


def _leaves(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        return [leaf for element in node.elts for leaf in _leaves(element)]
    if isinstance(node, ast.UnaryOp):
        return _leaves(node.operand)
    return [node]
