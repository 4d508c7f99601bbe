"""PRM305: two Parameters are left with one storage."""

from __future__ import annotations

import ast
import re

from flake8_paramassign import catalogue
from flake8_paramassign.inference.events import DataStored, Event, Role
from flake8_paramassign.inference.lifetimes import stands_for_each
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.values import Opaque, Parameter, Values
from flake8_paramassign.nodes import root_name
from flake8_paramassign.rules.base import Finding, Rule


class AliasedStorage(Rule):
    """
    ## What it does
    Reports `a.weight.data = b.weight.data`, and the same in a loop over two models' parameters,
    where both go on living.

    ## Why it is bad
    The two look tied and are not: they are two Parameters on one storage. An optimizer steps it
    twice, once by each gradient, and `.to()`, `.half()` or saving and loading part them again. A
    target network that is given the data of the online one follows its every step.

    ## Example
    ```python
    self.decoder.weight.data = self.embedding.weight.data
    ```

    ## Use instead
    ```python
    self.decoder.weight = self.embedding.weight
    ```

    ## Fix safety
    Two readings: to tie, assign the Parameter itself; to copy, `a.weight.data.copy_(b.weight)`.
    The fix is shown and never applied.

    ## Known limits
    Where one of the two is an argument, or a local that is no part of `self`, which may be dropped
    afterwards, only loops over the parameters of both are reported.

    ## References
    - [pytorch/pytorch#30987](https://github.com/pytorch/pytorch/issues/30987)
    - [torch.nn.parameter.Parameter](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html)
    """

    code = "PRM305"
    name = "aliased-storage"
    claim = "a.weight.data = b.weight.data leaves two Parameters on one storage"
    fix = "display"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """What is stored is the very storage of another Parameter that stays alive."""
        if not isinstance(event, DataStored) or not isinstance(event.node, ast.Attribute):
            return None
        target, source = event.node.value, _whole(event.expression)
        if source is None or ast.unparse(target) == ast.unparse(source):
            return None
        owners = ask.evaluate(source, event.state.copy())
        if not _are_parameters(event.receivers, target) or not _are_parameters(owners, source):
            return None
        if event.receivers == owners or not _both_live(event, target, source, owners, ask):
            return None
        to, of = ast.unparse(target), ast.unparse(source)
        tie = f"'{to} = {of}' to tie them, or " if isinstance(target, ast.Attribute) else ""
        return Finding(
            f"'{to}' and '{of}' stay two Parameters, on one storage that each of them changes: "
            f"write {tie}{to}.data.copy_({of}) to copy"
        )


def _whole(node: ast.expr | None) -> ast.expr | None:
    """The Parameter whose storage ``node`` is: that of ``w.data``, ``w.detach()``."""
    if isinstance(node, ast.Attribute) and node.attr == "data":
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.value if node.func.attr == "detach" and not node.args else None
    return node if isinstance(node, ast.Attribute) else None


def _are_parameters(values: Values, node: ast.expr) -> bool:
    if values and all(isinstance(v, Parameter) for v in values):
        return True
    named = isinstance(node, ast.Attribute) and catalogue.is_stock_slot(node.attr)
    return named and all(isinstance(v, Parameter | Opaque) for v in values)


def _both_live(
    event: DataStored, target: ast.expr, source: ast.expr, owners: Values, ask: Objects
) -> bool:
    """Whether the program keeps both: as parts of ``self``, in a script, or by a loop over two."""
    after = ask.text_after(event.frame, event.node)
    if "deepcopy" in after or _is_swapped(event, source, after):
        return False
    if all(stands_for_each(v) for v in (*event.receivers, *owners)):
        return not any(_is_temporary(v, event) for v in owners)
    roots = root_name(target), root_name(source)
    if event.frame.role is Role.SCRIPT:
        return all(re.search(rf"\b{re.escape(root)}\b", after) for root in roots)
    if _is_dropped(source, after):
        return False
    if roots[0] != "self" and not _are_parts(event.receivers, event, ask):
        return False
    return roots[1] == "self" or _are_parts(owners, event, ask) or _is_kept(roots[1], event)


def _are_parts(parameters: Values, event: DataStored, ask: Objects) -> bool:
    """Whether ``self`` holds all that is written through a local, such as a loop's variable."""
    whole = event.frame.receiver
    return whole is not None and all(whole in ask.wholes(v, event.state) for v in parameters)


def _is_swapped(event: DataStored, source: ast.expr, after: str) -> bool:
    """Whether the two exchange what they hold, so that each ends with a storage of its own."""
    value = event.frame.statement.value if isinstance(event.frame.statement, ast.Assign) else None
    inside = [ast.unparse(n) for n in ast.walk(value)] if isinstance(value, ast.Tuple) else []
    later = rf"{re.escape(ast.unparse(source))}\.data\s*=[^=]"
    return ast.unparse(event.node) in inside or re.search(later, after) is not None


def _is_temporary(parameter: object, event: DataStored) -> bool:
    """Whether a loop's Module was made by an expression here, and is not kept."""
    site = getattr(parameter, "site", None)
    owner = site[0] if isinstance(site, tuple) else None
    made_here = isinstance(getattr(owner, "site", None), ast.Call)
    return made_here and not any(owner in held for held in event.state.cells.values())


def _is_dropped(source: ast.expr, after: str) -> bool:
    """Whether the Module of ``source`` is replaced or deleted in what follows."""
    owner = ast.unparse(source).rpartition(".")[0]
    return re.search(rf"(del\s+{re.escape(owner)}\b|{re.escape(owner)}\s*=[^=])", after) is not None


def _is_kept(name: str, event: DataStored) -> bool:
    """Whether ``self`` holds what the argument or local ``name`` is."""
    held = event.state.locals.get(name, frozenset())
    receiver = event.frame.receiver
    return any(
        owner == receiver and not held.isdisjoint(values)
        for (owner, _), values in event.state.cells.items()
    )
