"""Loops: over items that are known, once for each; else until another round tells nothing new."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from flake8_paramassign.domain.objects import Container, Tensor
from flake8_paramassign.domain.state import State, join_states
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Values,
)
from flake8_paramassign.project.liveness import Liveness, bound_within
from flake8_paramassign.semantics import registry
from flake8_paramassign.semantics.frames import EarlyExits, Frame, Loop, Settled
from flake8_paramassign.semantics.machine import Machine

_DEEP = 6
"""A loop in so many others is run once, for anything that its rounds may have left."""
_ROUNDS = 3
"""How often a loop's body is run before what does not settle is unknown."""
_STEPS_OF_A_ROUND = 20
"""What the joining of states at the head of a loop counts."""

AnyFor: TypeAlias = "ast.For | ast.AsyncFor"
AnyLoop: TypeAlias = "ast.For | ast.AsyncFor | ast.While"
Round: TypeAlias = Callable[[State], "State | None"]


class Loops:
    """Runs loops for a machine."""

    def __init__(self, machine: Machine) -> None:
        """``machine`` runs their bodies."""
        self._machine = machine
        self._live: dict[ast.AST, Liveness] = {}

    def run_for(self, node: AnyFor, state: State) -> State | None:
        """Run a ``for`` loop: each item by itself, where they are known and few."""
        held = self._machine.evaluate(node.iter, state)
        each, some = self._machine.iterate(held, state, node.iter, "for")
        if each is not None and self._machine.may_unroll(len(each)):
            return self._left_early(node, held, self._unrolled(node, each, state))
        if not some:
            return self._machine.execute(node.orelse, state)

        def once(at: State) -> State | None:
            self._machine.bind_loop(node, some, at)
            return self._machine.execute(node.body, at)

        end = self._until_settled(node, state, once, lambda at: at, some)
        if end is not None:
            self._let_train(node, held, end)
        return self._left_early(node, held, end)

    def _let_train(self, node: AnyFor, held: Values, end: State) -> None:
        """A loop that sets nothing but the flags of ``parameters()`` has set that of each."""
        flag = _flag_set_by(node)
        obj = end.read(held[0]) if len(held) == 1 and isinstance(held[0], Address) else None
        if flag is None or not isinstance(obj, Container) or obj.kind != "generator":
            return
        if obj.made is not None and obj.made.node is node.iter:
            for value in obj.of:
                if isinstance(value, Address):
                    registry.let_train(value, end, self._machine.addresses, flag)

    def _left_early(self, node: AnyFor, held: Values, end: State | None) -> State | None:
        """What a loop with ``break`` iterated may have more."""
        if end is not None and any(isinstance(n, ast.Break) for n in _own_statements(node.body)):
            for value in held:
                obj = end.read(value) if isinstance(value, Address) else None
                if isinstance(obj, Container) and obj.spent and isinstance(value, Address):
                    end.write(value, replace(obj, spent=None))
        return end

    def _unrolled(self, node: AnyFor, each: list[Values], state: State) -> State | None:
        """Run the body once for each of the items that are known."""
        loop = Loop(node, is_unrolled=True)
        frame = self._machine.frame
        frame.loops.append(loop)
        at: State | None = state
        for number, values in enumerate(each):
            if at is None:
                break
            with self._machine.round(node, number, len(each)):
                self._machine.bind_loop(node, values, at)
                end = self._machine.execute(node.body, at)
            at = join_states([end, *loop.continues])
            loop.continues.clear()
        frame.loops.pop()
        self._machine.loop_ended(node)
        if at is not None:
            at = self._machine.execute(node.orelse, at)
        return join_states([at, *loop.breaks])

    def run_while(self, node: ast.While, state: State) -> State | None:
        """Run a ``while`` loop."""
        machine = self._machine

        def once(at: State) -> State | None:
            truth = machine.truth(node.test, at)
            inside = machine.assume(node.test, at, holds=True) if truth is not False else None
            return self._machine.execute(node.body, inside) if inside is not None else None

        def leave(at: State) -> State | None:
            truth = machine.truth(node.test, at)
            return machine.assume(node.test, at, holds=False) if truth is not True else None

        return self._until_settled(node, state, once, leave, ())

    def _until_settled(
        self,
        node: AnyLoop,
        entry: State,
        once: Round,
        leave: Round,
        some: Values,
    ) -> State | None:
        """Run a loop until another round would tell nothing new.

        A loop in a loop begins where the last round of the outer one left it, and is not run at
        all where that round came with no less: so the work grows with depth, not with its power.
        """
        frame = self._machine.frame
        outer = frame.loops[-1] if frame.loops else None
        known = outer.settled.get(node) if outer is not None else None
        is_deep = len(frame.loops) >= _DEEP or self._machine.is_hurried
        head = self._after_anything_in(node, entry) if is_deep else entry
        if known is not None and outer is not None:
            head = known.head.joined(entry)
            if head.same(known.head):
                return _as_before(known, frame, outer)
        exits = EarlyExits(frame)
        loop = Loop(node)
        head, back = self._settled(node, head, entry, once, loop, is_deep=is_deep)
        self._machine.loop_ended(node)
        after = head if loop.breaks else _after_each(head, back, some)
        left = leave(after.copy())
        if left is not None:
            left = self._machine.execute(node.orelse, left)
        result = join_states([left, *loop.breaks])
        if result is not None:
            result.passed = entry.passed
        if outer is not None:
            end = result.copy() if result is not None else None
            outer.settled[node] = Settled(head, end, exits.returns, exits.breaks, exits.continues)
        return result

    def _settled(
        self, node: AnyLoop, head: State, entry: State, once: Round, loop: Loop, *, is_deep: bool
    ) -> tuple[State, State | None]:
        """Where each round of a loop begins, and what the last one has come back with."""
        back: State | None = None
        for _ in range(self._machine.rounds(_ROUNDS)):
            self._machine.step(_STEPS_OF_A_ROUND)
            inside = head.copy()
            inside.passed = (*inside.passed, node)
            back = self._round(node, inside, entry, once, loop)
            following = head if back is None or is_deep else head.settling(back)
            if following.same(head):
                return head, back
            head = following
        return self._widened(node, head, entry, once, loop), back

    def _widened(self, node: AnyLoop, head: State, entry: State, once: Round, loop: Loop) -> State:
        """The state of a loop that does not settle: what each round changes is unknown."""
        for _ in range(2):
            back = self._round(node, head.copy(), entry, once, loop)
            if back is None:
                break
            following = head.widened(back)
            if following.same(head):
                break
            head = following
        return head

    def _round(
        self, node: AnyLoop, inside: State, entry: State, once: Round, loop: Loop
    ) -> State | None:
        """Run the body of a loop; what the next round begins with."""
        frame = self._machine.frame
        loop.breaks.clear()
        loop.continues.clear()
        frame.loops.append(loop)
        end = once(inside)
        frame.loops.pop()
        back = join_states([end, *loop.continues])
        if back is not None:
            self._forget(node, back, entry)
        return back

    def _after_anything_in(self, node: ast.AST, entry: State) -> State:
        """The state in which anything may have been done that stands within a loop."""
        head = entry.copy()
        variables = [head.names, *head.scopes.values()]
        head.havoc([v for names in variables for held in names.values() for v in held])
        head.grad = None
        for name in bound_within(node):
            self._machine.bind_name(name, UNKNOWN, head)
        return head

    def _forget(self, node: ast.AST, back: State, entry: State) -> None:
        """Let a round of a loop leave nothing behind that nobody will read."""
        function = self._machine.frame.node
        live = self._live.get(function)
        if live is None:
            live = self._live[function] = Liveness(function)
        get = entry.names.get
        for name in [n for n, held in back.names.items() if get(n) is not held]:
            if not live.is_read_after(name, node):
                self._machine.unbind(name, back)
        back.collect(entry)


def _as_before(known: Settled, frame: Frame, outer: Loop) -> State | None:
    """Leave a loop that has settled in all the ways it was left."""
    frame.returns += known.returns
    outer.breaks += known.breaks
    outer.continues += known.continues
    return known.end.copy() if known.end is not None else None


def _after_each(head: State, back: State | None, some: Values) -> State:
    """After a loop: what was done to each Parameter of a Module in turn, is done to all."""
    each = [
        v
        for v in some
        if isinstance(v, Address)
        and isinstance(obj := head.read(v), Tensor)
        and obj.owner is not None
    ]
    if back is None or not each or len(each) != len(some):
        return head
    after = head.copy()
    for address in each:
        after.write(address, back.read(address))
    return after


def _flag_set_by(node: AnyFor) -> bool | None:
    """What ``for p in m.parameters(): p.requires_grad = False`` sets, and does no more than that.

    The names may be listed, too.
    """
    target = node.target.elts[-1] if isinstance(node.target, ast.Tuple) else node.target
    if len(node.body) > 1 or not isinstance(target, ast.Name):
        return None
    if not isinstance(node.iter, ast.Call) or node.iter.args or node.iter.keywords:
        return None
    done = ast.unparse(node.body[0])
    for flag in (True, False):
        if done in (f"{target.id}.requires_grad = {flag}", f"{target.id}.requires_grad_({flag})"):
            return flag
    return None


def _own_statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """All statements of a loop's body, but not those of loops and functions inside."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        if isinstance(statement, ast.If | ast.With | ast.Try):
            for block in ("body", "orelse", "finalbody"):
                found += _own_statements(getattr(statement, block, []))
            for handler in getattr(statement, "handlers", ()):
                found += _own_statements(handler.body)
    return found
