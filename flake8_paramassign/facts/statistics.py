"""Running statistics: values that a step keeps by a rule of its own, and no optimizer is to train.

The average that moves with the data, as the codebook of a VQ-VAE does (van den Oord and others,
2017, appendix A.1): ``w * decay + (1 - decay) * new``, and what is computed from it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_paramassign.semantics.events import AttributeStored


def is_statistic(event: AttributeStored) -> bool:
    """Whether what is stored is a moving average of what was there, or made of one."""
    if event.expression is None or not isinstance(event.node, ast.Attribute):
        return False
    function = event.frame.node
    stored = _meant(event.expression, function)
    if _is_moving_average(event.node, stored):
        return True
    averages = {
        ast.dump(_read(target))
        for target, value in _stores(function)
        if _is_moving_average(target, _meant(value, function))
    }
    used = ast.walk(stored)
    return bool(averages) and any(
        isinstance(node, ast.Attribute) and ast.dump(node) in averages for node in used
    )


def _meant(expression: ast.expr, function: ast.AST) -> ast.expr:
    """What was written last to a variable above the place where it is read, or the expression."""
    if not isinstance(expression, ast.Name):
        return expression
    bound = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AnnAssign) and _place(node) < _place(expression)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == expression.id and node.value is not None
    ]
    return max(bound, key=_place, default=expression)


def _place(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _stores(function: ast.AST) -> Iterator[tuple[ast.Attribute, ast.expr]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Attribute):
                    yield target, node.value


def _is_moving_average(target: ast.Attribute, value: ast.expr) -> bool:
    """Whether ``value`` is ``nn.Parameter(target * decay + (1 - decay) * new)``, in any order."""
    if isinstance(value, ast.Call) and value.args:
        value = value.args[0]
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add):
        return False
    sides = [_factors(value.left), _factors(value.right)]
    old = ast.dump(_read(target))
    for kept, added in (sides, sides[::-1]):
        decays = [factor for factor in kept if factor != old]
        if len(kept) == 2 and len(decays) == 1 and _complement(decays[0]) & set(added):
            return True
    return False


def _factors(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [ast.dump(node.left), ast.dump(node.right)]
    return [ast.dump(node)]


def _complement(decay: str) -> set[str]:
    """How ``1 - decay`` is written."""
    return {f"BinOp(left=Constant(value={one}), op=Sub(), right={decay})" for one in ("1", "1.0")}


def _read(target: ast.Attribute) -> ast.Attribute:
    """The expression that reads what ``target`` stores."""
    return ast.Attribute(target.value, target.attr, ast.Load())
