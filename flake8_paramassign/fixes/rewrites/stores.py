"""The statement that stores an attribute, and the call that it becomes.

``m.w = t``, ``m.w @= t``, ``setattr(m, "w", t)`` and ``m.__setattr__("w", t)`` all may become
``m.w.data.copy_(t)``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flake8_paramassign.domain.values import Values
from flake8_paramassign.fixes.rewrites.conversions import written_by
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.no_grad import (
    free_name,
    without_grad,
    write_below,
    write_below_without_grad,
)
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.semantics.events import Happening


@dataclass(frozen=True)
class Store:
    """A place where a value is given to an attribute."""

    value: ast.expr
    target: str
    """The attribute as an expression: ``m.w``."""
    subject: tuple[ast.expr, ...]
    """What says which attribute it is."""
    start: int
    """From here up to the value, all gives way to the call."""
    prefix: str = ""
    """What then is missing of the target."""
    is_closed: bool = False
    """Whether a parenthesis behind the value may close the call."""
    is_product: bool = False
    """Whether it is ``m.w @= t``."""
    local: str = ""
    """The local variable that gets the value in the attribute's place, which then is written from
    it on a line of its own: where the statement has other targets, too."""

    def filled(self, draft: Draft, values: Values, event: Happening) -> str:
        """Write any of ``values`` into what the attribute holds, in the configured style.

        Returns the method that does it, as written: ``m.w.data.copy_``. Raises NoRewrite.
        """
        method, function = written_by(draft, values, self.value)
        if self.local:
            return self._filled_from_local(draft, method, function, event)
        opening = f"{draft.named(function, draft.outer(self.value).start)}(" if function else ""
        in_data = draft.case.settings.style == "data"
        method = f"data.{method}" if in_data else method
        self.becomes(draft, method, opening, ")" if function else "")
        if not in_data and event.grad is not False:
            without_grad(draft, self.subject, [self.value])
        return f"{self.target}.{method}"

    def _filled_from_local(self, draft: Draft, method: str, function: str, event: Happening) -> str:
        in_data = draft.case.settings.style == "data"
        written = f"{self.target}.data.{method}" if in_data else f"{self.target}.{method}"
        at = draft.inner(draft.statement).start
        value = f"{draft.named(function, at)}({self.local})" if function else self.local
        self._give_to_local(draft)
        write = write_below if in_data or event.grad is False else write_below_without_grad
        write(draft, f"{written}({value})", self.local)
        return written

    def instead(self, draft: Draft, line: str) -> None:
        """Give the value to the local variable, and add ``line`` below; raises NoRewrite."""
        self._give_to_local(draft)
        write_below(draft, line, self.local)

    def _give_to_local(self, draft: Draft) -> None:
        node, others = draft.path[-1], getattr(draft.statement, "targets", [])
        assert isinstance(node, ast.expr)
        start, stop = draft.outer(node)
        if any(isinstance(other, ast.Name) and other.id == self.local for other in others):
            behind = [*others, self.value][others.index(node) + 1]
            draft.cut(start, draft.outer(behind).start)
        else:
            draft.replace(start, stop, self.local)

    def becomes(self, draft: Draft, method: str, opening: str = "", closing: str = "") -> None:
        """Call ``method`` of the attribute with ``opening``, the value and ``closing``."""
        opening = f"{self.prefix}.{method}({opening}"
        closing = closing if self.is_closed else f"{closing})"
        value = draft.outer(self.value)
        if self.is_product:
            opening = f"{opening}{self.target} @ "
            if not draft.is_atom(self.value):
                opening, closing = f"{opening}(", f"){closing}"
        elif value != draft.inner(self.value) and closing:
            opening, closing = opening[:-1], closing[1:]
        draft.replace(self.start, value.start, opening)
        draft.insert(value.end, closing)


def store_at(draft: Draft) -> Store:
    """Return how the draft's node is stored; raises NoRewrite where it cannot become a call."""
    node, holder = draft.path[-1], draft.parent
    if isinstance(node, ast.Call):
        return _storing_call(draft, node)
    if isinstance(node, ast.AugAssign):
        end = draft.outer(node.target).end
        written = draft.written(node.target)
        return Store(node.value, written, (node.target,), end, is_product=True)
    assert isinstance(node, ast.Attribute)
    written = draft.written(node)
    if isinstance(holder, ast.Assign | ast.AnnAssign) and holder.value is not None:
        if isinstance(holder, ast.AnnAssign) or len(holder.targets) == 1:
            return Store(holder.value, written, (node,), draft.outer(node).end)
    if isinstance(draft.statement, ast.Assign):
        targets = draft.statement.targets if node in draft.statement.targets else []
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        local = [*names, free_name(draft, node.attr)][0]
        value = draft.statement.value
        return Store(value, written, (node,), draft.outer(node).end, local=local)
    raise NoRewrite("the attribute is the target of a for or with statement")


def _storing_call(draft: Draft, node: ast.Call) -> Store:
    """``setattr(m, "w", t)`` or ``m.__setattr__("w", t)``."""
    if len(node.args) < 2:
        raise NoRewrite("what is stored is no expression of its own")
    if not isinstance(draft.parent, ast.Expr):
        raise NoRewrite("what the call returns is used, and would be another value")
    owner, name, value = (_owner_called(node), *node.args)[-3:]
    start, end = draft.outer(owner)
    written = draft.text[start:end]
    if written.startswith("super("):
        written = _first_argument(draft)
    elif not draft.is_atom(owner):
        written = f"({written})"
    constant = name.value if isinstance(name, ast.Constant) else None
    if isinstance(constant, str) and constant.isidentifier():
        target = f"{written}.{constant}"
    else:
        target = f"getattr({written}, {draft.written(name)})"
    whole = draft.inner(node)
    return Store(value, target, (owner, name), whole.start, target, is_closed=True)


def _first_argument(draft: Draft) -> str:
    """What the method calls the object that its ``super()`` is of."""
    arguments = getattr(draft.function, "args", None)
    names = [*arguments.posonlyargs, *arguments.args] if arguments is not None else []
    if not names:
        raise NoRewrite("super() has no such attribute to write to")
    return str(names[0].arg)


def _owner_called(node: ast.Call) -> ast.expr:
    return node.func.value if isinstance(node.func, ast.Attribute) else node.func
