"""PRM305: two Parameters are left with one storage."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Value, Values
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.aliasing import bases, held_as, is_parameter, shares_storage_with
from flake8_paramassign.facts.wording import shown
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import DataStored
from flake8_paramassign.semantics.frames import Frame


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

    def judge(self, event: DataStored, facts: Facts) -> Verdict | None:
        """The data of one Parameter becomes that of another."""
        if not isinstance(event.node, ast.Attribute) or not event.receivers or not event.values:
            return None
        if not all(is_parameter(value, event.state, facts) for value in event.receivers):
            return None
        if any(tensor.may_be_copy for _, tensor in facts.tensors(event.values, event.state)):
            return None
        owners = [shares_storage_with(value, event.state, facts) for value in event.values]
        if None in owners or not set(owners).isdisjoint(event.receivers):
            return None
        if any(
            _share(owner, value, event.state, facts)
            for owner in owners
            for value in event.receivers
        ):
            return None
        to, of = shown(event.node.value), _source(event.expression)
        is_whole = _is_whole(event.expression)
        tie = f"'{to} = {of}' to tie them, or " if is_whole and _is_attribute(event) else ""
        copied = of if is_whole else shown(event.expression)
        return Verdict(
            f"'{to}' and '{of}' stay two Parameters, on one storage that each of them changes: "
            f"write {tie}{to}.data.copy_({copied}) to copy",
            evidence=owners[0],
        )

    def stands(self, event: DataStored, verdict: Verdict, final: State, facts: Facts) -> bool:
        """Both are still there in the end, and still have the same storage."""
        source, root = verdict.evidence, event.frame.root
        before, after = facts.tensor(source, event.state), facts.tensor(source, final)
        if before is not None and after is not None and before.base is not after.base:
            return False
        return _is_alive(source, root, final, facts) and any(
            _is_alive(value, root, final, facts)
            and (_share(value, source, final, facts) or _is_one_of_several(event))
            for value in event.receivers
        )

    def holds(self, event: DataStored, facts: Facts) -> bool:
        """Of one of several Parameters it is not known what it has in the end: nothing else is."""
        return not _is_one_of_several(event) or all(
            facts.data_stored[value] == {event.node} for value in event.receivers
        )


def _is_one_of_several(event: DataStored) -> bool:
    return len(event.receivers) > 1 or any(
        isinstance(value, Address) and value.many for value in event.receivers
    )


def _is_attribute(event: DataStored) -> bool:
    """Whether what is written belongs to one Module, which can be given the other Parameter."""
    assert isinstance(event.node, ast.Attribute)
    return isinstance(event.node.value, ast.Attribute)


def _source(node: ast.expr | None) -> str:
    """The Parameter whose storage is taken, as the user wrote it: that of ``w.data[1:].t()``."""
    while True:
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        elif isinstance(node, ast.Attribute) and node.attr == "data":
            node = node.value
        else:
            return shown(node)


def _is_whole(node: ast.expr | None) -> bool:
    """Whether a whole storage is taken as it lies: ``w``, ``w.data``, ``w.detach()``."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "detach"
    return isinstance(node, ast.Name | ast.Attribute)


def _share(value: Value | None, source: Value | None, state: State, facts: Facts) -> bool:
    """Whether ``value`` has the storage of ``source``."""
    return value is not None and any(base is source for base, _ in bases(value, state, facts))


def _is_alive(parameter: Value | None, root: Frame, final: State, facts: Facts) -> bool:
    """Whether a Parameter, or its Module, outlives the activation ``root``.

    Each of ``parameters()`` of what a function is given does; a local does not.
    """
    tensor, held = facts.tensor(parameter, final), held_as(parameter)
    owner = tensor.owner if tensor is not None else held[0] if held is not None else None
    if owner is not None and owner.symbolic and tensor is not None:
        return True
    left = [values for values, _ in root.returns]
    if root.receiver is not None:
        left.append((root.receiver,))
    variables = dict(final.names) if root.scope.is_module else {}
    for scope, names in final.scopes.items():
        if scope.is_module:
            variables.update(names)
    left += variables.values()
    return not _surely_reached(left, final).isdisjoint((parameter, owner))


def _surely_reached(left: Iterable[Values], final: State) -> set[Value]:
    """What is reached where each variable and attribute holds one thing, whichever way was gone.

    Of two that may be in one place, one of them at most is there.
    """
    waiting, reached = list(left), set[Value]()
    while waiting:
        values = waiting.pop()
        if len(values) != 1 or values[0] in reached:
            continue
        reached.add(values[0])
        if isinstance(values[0], Address):
            waiting += final.read(values[0]).contents()
    return reached
