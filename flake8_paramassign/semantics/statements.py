"""Running statements: how a block is left, and where paths meet.

A statement is run in a state, and gives the state in which it falls through; None is a block that
is left otherwise. Those other ways are kept where they lead: ``return`` in the frame, ``break``
and ``continue`` in the loop, an exception in the ``try`` around it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flake8_paramassign.domain.objects import Container, Tensor
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    ClassRef,
    Constant,
    Values,
    constant,
)
from flake8_paramassign.nodes import FunctionNode
from flake8_paramassign.project.decorators import keeps_class
from flake8_paramassign.project.liveness import Liveness, bound_within
from flake8_paramassign.semantics.contexts import Contexts
from flake8_paramassign.semantics.frames import Attempt, Frame, Loop, Settled
from flake8_paramassign.semantics.machine import Machine

_DEEP = 6
"""A loop in so many others is run once, for anything that its rounds may have left."""
_ROUNDS = 3
"""How often a loop's body is run before what does not settle is unknown."""
_STEPS_OF_A_ROUND = 20
"""What the joining of states at the head of a loop counts."""


class Statements:
    """Runs statements for a machine."""

    def __init__(self, machine: Machine, contexts: Contexts) -> None:
        """``contexts`` knows what ``with`` enters and leaves."""
        self._machine = machine
        self._contexts = contexts
        self._live: dict[ast.AST, Liveness] = {}
        self._handlers: dict[type[ast.stmt], Callable[[Any, State], State | None]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.Return: self._return,
            ast.If: self._if,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.While: self._while,
            ast.Break: self._break,
            ast.Continue: self._continue,
            ast.Try: self._try,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Raise: self._raise,
            ast.Assert: self._assert,
            ast.Delete: self._delete,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.Global: self._pass,
            ast.Nonlocal: self._pass,
            ast.Pass: self._pass,
            ast.Match: self._match,
        }
        if hasattr(ast, "TryStar"):
            self._handlers[ast.TryStar] = self._try

    def execute(self, body: list[ast.stmt], state: State) -> State | None:
        """Run ``body``; the state at its end, or None where that is not reached."""
        frame = self._machine.frame
        outer = frame.statement
        at: State | None = state
        for statement in body:
            if at is None:
                break
            frame.statement = statement
            self._machine.step()
            handler = self._handlers.get(type(statement))
            if handler is not None:
                at = handler(statement, at)
            if at is not None and frame.attempts:
                frame.attempts[-1].raised.append(at.copy())
        frame.statement = outer
        return at

    # Simple statements.

    def _pass(self, node: ast.stmt, state: State) -> State | None:
        return state

    def _expression(self, node: ast.Expr, state: State) -> State | None:
        held = self._machine.evaluate(node.value, state)
        ends = isinstance(node.value, ast.Call) and held == NOTHING  # it never returns
        return None if ends else state

    def _assign(self, node: ast.Assign, state: State) -> State | None:
        held = self._machine.evaluate(node.value, state)
        for target in node.targets:
            self._machine.bind(target, held, state, node.value)
        return state

    def _annotated(self, node: ast.AnnAssign, state: State) -> State | None:
        if node.value is not None:
            held = self._machine.evaluate(node.value, state)
            self._machine.bind(node.target, held, state, node.value)
        return state

    def _augmented(self, node: ast.AugAssign, state: State) -> State | None:
        self._machine.augment(node, state)
        return state

    def _return(self, node: ast.Return, state: State) -> State | None:
        held = self._machine.evaluate(node.value, state) if node.value is not None else NONE
        if self._machine.frame.caller is None:
            self._machine.used_containers.update(v for v in held if isinstance(v, Address))
        self._machine.frame.returns.append((held, state))
        return None

    def _raise(self, node: ast.Raise, state: State) -> State | None:
        for part in (node.exc, node.cause):
            if part is not None:
                self._machine.evaluate(part, state)
        attempts = self._machine.frame.attempts
        if attempts:
            attempts[-1].raised.append(state)
        return None

    def _assert(self, node: ast.Assert, state: State) -> State | None:
        truth = self._machine.truth(node.test, state)
        if truth is False:
            return None
        return self._machine.assume(node.test, state, holds=True)

    def _delete(self, node: ast.Delete, state: State) -> State | None:
        for target in node.targets:
            self._machine.delete(target, state)
        return state

    def _function(self, node: FunctionNode, state: State) -> State | None:
        frame = self._machine.frame
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self._machine.evaluate(default, state)
        held = self._machine.define(node, state)
        self._machine.bind_name(node.name, held, state)
        self._machine.found(node, frame)
        return state

    def _class(self, node: ast.ClassDef, state: State) -> State | None:
        frame = self._machine.frame
        cls = self._machine.define_class(node, state)
        held: Values = (ClassRef(cls),)
        for decorator in reversed(node.decorator_list):
            self._machine.evaluate(decorator, state)
            held = held if keeps_class(decorator) else (*held, *UNKNOWN)
        self._machine.bind_name(node.name, held, state)
        self._machine.found(node, frame)
        return state

    def _import(self, node: ast.Import | ast.ImportFrom, state: State) -> State | None:
        module = self._machine.frame.module
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            if isinstance(node, ast.ImportFrom):
                name = alias.asname or alias.name
            if name != "*":
                held = self._machine.project.resolved(module.imported(name, node))
                self._machine.bind_name(name, held, state)
        return state

    # Branches.

    def _if(self, node: ast.If, state: State) -> State | None:
        truth = self._machine.truth(node.test, state)
        if truth is not None:
            taken = self._machine.assume(node.test, state, holds=truth)
            return self.execute(node.body if truth else node.orelse, taken or state)
        before = state.passed
        state.passed = (*before, node.test)
        yes = self._machine.assume(node.test, state.copy(), holds=True)
        no = self._machine.assume(node.test, state, holds=False)
        after_yes = self.execute(node.body, yes) if yes is not None else None
        after_no = self.execute(node.orelse, no) if no is not None else None
        if after_yes is None or after_no is None:
            return after_yes or after_no
        after_yes.passed = after_no.passed = before
        return after_yes.joined(after_no, remember=True)

    def _match(self, node: ast.Match, state: State) -> State | None:
        subject = self._machine.evaluate(node.subject, state)
        ends: list[State] = []
        passed = state.passed
        at: State | None = state
        for case in node.cases:
            if at is None:
                break
            fits = self._fits(case.pattern, subject, at)
            if fits is False:
                continue
            inside: State | None = at.copy()
            assert inside is not None
            if fits is None or case.guard is not None:
                inside.passed = (*inside.passed, case.pattern)
            self._capture(case.pattern, subject, inside)
            certain = fits is True
            if case.guard is not None:
                truth = self._machine.truth(case.guard, inside)
                certain = certain and truth is True
                inside = (
                    self._machine.assume(case.guard, inside, holds=True)
                    if truth is not False
                    else None
                )
            if inside is not None:
                end = self.execute(case.body, inside)
                if end is not None:
                    ends.append(end)
            if certain:
                at = None
        if at is not None:
            ends.append(at)
        result = _joined(ends, remember=True)
        if result is not None:
            result.passed = passed
        return result

    def _fits(self, pattern: ast.pattern, subject: Values, state: State) -> bool | None:
        """Whether a pattern matches."""
        if isinstance(pattern, ast.MatchAs):
            return True if pattern.pattern is None else self._fits(pattern.pattern, subject, state)
        if isinstance(pattern, ast.MatchOr):
            found = [self._fits(inner, subject, state) for inner in pattern.patterns]
            return True if True in found else (None if None in found else False)
        if isinstance(pattern, ast.MatchValue):
            return self._equals(subject, self._machine.evaluate(pattern.value, state))
        if isinstance(pattern, ast.MatchSingleton):
            return self._equals(subject, (Constant(pattern.value),))
        return None

    @staticmethod
    def _equals(subject: Values, wanted: Values) -> bool | None:
        value, other = constant(subject), constant(wanted)
        if NotImplemented in (value, other):
            return None
        return value == other

    def _capture(self, pattern: ast.pattern, subject: Values, state: State) -> None:
        """Bind the names of a pattern."""
        for inner in ast.walk(pattern):
            name = getattr(inner, "name", None) or getattr(inner, "rest", None)
            if name:
                whole = inner is pattern and isinstance(inner, ast.MatchAs)
                self._machine.bind_name(name, subject if whole else UNKNOWN, state)

    # Loops.

    def _break(self, node: ast.Break, state: State) -> State | None:
        loops = self._machine.frame.loops
        if loops:
            loops[-1].breaks.append(state)
        return None

    def _continue(self, node: ast.Continue, state: State) -> State | None:
        loops = self._machine.frame.loops
        if loops:
            loops[-1].continues.append(state)
        return None

    def _for(self, node: ast.For | ast.AsyncFor, state: State) -> State | None:
        held = self._machine.evaluate(node.iter, state)
        each, some = self._machine.iterate(held, state, node.iter, "for")
        if each is not None and self._machine.may_unroll(len(each)):
            return self._left_early(node, held, self._unrolled(node, each, state))
        if not some:
            return self.execute(node.orelse, state)

        def once(at: State) -> State | None:
            self._machine.bind_loop(node, some, at)
            return self.execute(node.body, at)

        end = self._until_settled(node, state, once, lambda at: at, some)
        return self._left_early(node, held, end)

    def _left_early(
        self, node: ast.For | ast.AsyncFor, held: Values, end: State | None
    ) -> State | None:
        """What a loop with ``break`` iterated may have more."""
        if end is not None and any(isinstance(n, ast.Break) for n in _own_statements(node.body)):
            for value in held:
                obj = end.read(value) if isinstance(value, Address) else None
                if isinstance(obj, Container) and obj.spent and isinstance(value, Address):
                    end.write(value, replace(obj, spent=None))
        return end

    def _unrolled(
        self, node: ast.For | ast.AsyncFor, each: list[Values], state: State
    ) -> State | None:
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
                end = self.execute(node.body, at)
            at = _joined([*([end] if end is not None else []), *loop.continues])
            loop.continues.clear()
        frame.loops.pop()
        self._machine.loop_ended(node)
        if at is not None:
            at = self.execute(node.orelse, at)
        return _joined([*([at] if at is not None else []), *loop.breaks])

    def _while(self, node: ast.While, state: State) -> State | None:
        machine = self._machine

        def once(at: State) -> State | None:
            truth = machine.truth(node.test, at)
            inside = machine.assume(node.test, at, holds=True) if truth is not False else None
            return self.execute(node.body, inside) if inside is not None else None

        def leave(at: State) -> State | None:
            truth = machine.truth(node.test, at)
            return machine.assume(node.test, at, holds=False) if truth is not True else None

        return self._until_settled(node, state, once, leave, ())

    def _until_settled(
        self,
        node: ast.For | ast.AsyncFor | ast.While,
        entry: State,
        once: Callable[[State], State | None],
        leave: Callable[[State], State | None],
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
        if known is not None:
            head = known.head.joined(entry)
            if head.same(known.head):
                frame.returns += known.returns
                assert outer is not None
                outer.breaks += known.breaks
                outer.continues += known.continues
                return known.end.copy() if known.end is not None else None
        marks = (
            len(frame.returns),
            *((len(outer.breaks), len(outer.continues)) if outer else (0, 0)),
        )
        loop = Loop(node)
        back: State | None = None
        for _ in range(self._machine.rounds(_ROUNDS)):
            loop.breaks.clear()
            loop.continues.clear()
            self._machine.step(_STEPS_OF_A_ROUND)
            inside = head.copy()
            inside.passed = (*inside.passed, node)
            frame.loops.append(loop)
            end = once(inside)
            frame.loops.pop()
            back = _joined([*([end] if end is not None else []), *loop.continues])
            if back is not None:
                self._forget(node, back, entry)
            following = head if back is None or is_deep else head.settling(back)
            if following.same(head):
                break
            head = following
        else:
            head = self._widened(node, head, once, loop, entry)
        self._machine.loop_ended(node)
        after = head
        if not loop.breaks:
            after = _after_each(head, back, some)
        left = leave(after.copy())
        if left is not None:
            left = self.execute(node.orelse, left)
        result = _joined([*([left] if left is not None else []), *loop.breaks])
        if result is not None:
            result.passed = entry.passed
        if outer is not None:
            outer.settled[node] = Settled(
                head,
                result.copy() if result is not None else None,
                frame.returns[marks[0] :],
                outer.breaks[marks[1] :],
                outer.continues[marks[2] :],
            )
        return result

    def _after_anything_in(self, node: ast.AST, entry: State) -> State:
        """The state in which anything may have been done that stands within a loop."""
        head = entry.copy()
        variables = [head.names, *head.scopes.values()]
        head.havoc([v for names in variables for held in names.values() for v in held])
        head.grad = None
        for name in bound_within(node):
            self._machine.bind_name(name, UNKNOWN, head)
        return head

    def _widened(
        self, node: ast.AST, head: State, once: Callable[[State], State | None], loop: Loop,
        entry: State,
    ) -> State:  # fmt: skip
        """The state of a loop that does not settle: what each round changes is unknown."""
        frame = self._machine.frame
        for _ in range(2):
            loop.breaks.clear()
            loop.continues.clear()
            frame.loops.append(loop)
            end = once(head.copy())
            frame.loops.pop()
            back = _joined([*([end] if end is not None else []), *loop.continues])
            if back is None:
                break
            self._forget(node, back, entry)
            following = head.widened(back)
            if following.same(head):
                break
            head = following
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

    # Exceptions.

    def _try(self, node: ast.Try, state: State) -> State | None:
        frame = self._machine.frame
        passed = state.passed
        attempt = Attempt(node, [state.copy()])
        marks = self._marks(frame)
        frame.attempts.append(attempt)
        end = self.execute(node.body, state)
        frame.attempts.pop()
        if end is not None:
            end = self.execute(node.orelse, end)
        ends = [end] if end is not None else []
        raised = _joined(attempt.raised)
        escaped: list[State] = []
        for handler in node.handlers:
            assert raised is not None
            inside = raised.copy()
            inside.passed = (*inside.passed, handler)
            if handler.type is not None:
                self._machine.evaluate(handler.type, inside)
            if handler.name:
                self._machine.bind_name(handler.name, UNKNOWN, inside)
            end = self.execute(handler.body, inside)
            if end is not None:
                ends.append(end)
        if not node.handlers and raised is not None:
            escaped.append(raised)
        for ending in ends:
            ending.passed = passed
        if not node.finalbody:
            return _joined(ends)
        return self._finally(node, ends, escaped, marks, frame)

    @staticmethod
    def _marks(frame: Frame) -> tuple[int, int, int]:
        loop = frame.loops[-1] if frame.loops else None
        return (
            len(frame.returns),
            len(loop.breaks) if loop else 0,
            len(loop.continues) if loop else 0,
        )

    def _finally(
        self,
        node: ast.Try,
        ends: list[State],
        escaped: list[State],
        marks: tuple[int, int, int],
        frame: Frame,
    ) -> State | None:
        """Run ``finally`` for each way in which the rest is left, or once for all together."""
        loop = frame.loops[-1] if frame.loops else None
        left = bool(frame.returns[marks[0] :]) or bool(
            loop and (loop.breaks[marks[1] :] or loop.continues[marks[2] :])
        )
        falling = _joined(ends)
        if falling is not None:
            falling = self.execute(node.finalbody, falling)
        elif not left:
            lost = _joined(escaped)
            if lost is not None:
                self.execute(node.finalbody, lost)
            return None
        if left and not any(isinstance(n, ast.Try) for n in node.finalbody):
            returns = [
                (values, end)
                for values, at in frame.returns[marks[0] :]
                if (end := self.execute(node.finalbody, at.copy())) is not None
            ]
            frame.returns[marks[0] :] = returns
            if loop is not None:
                for ways, mark in ((loop.breaks, marks[1]), (loop.continues, marks[2])):
                    ways[mark:] = [
                        end
                        for at in ways[mark:]
                        if (end := self.execute(node.finalbody, at.copy())) is not None
                    ]
        return falling

    def _with(self, node: ast.With | ast.AsyncWith, state: State) -> State | None:
        entered = []
        for item in node.items:
            held = self._machine.evaluate(item.context_expr, state)
            context = self._contexts.enter(held, state, item.context_expr)
            if item.optional_vars is not None:
                self._machine.bind(item.optional_vars, context.gives, state, None)
            entered.append(context)
        frame = self._machine.frame
        marks = self._marks(frame)
        before = state.copy() if any(c.swallows for c in entered) else None
        frame.expecting += before is not None
        end = self.execute(node.body, state)
        frame.expecting -= before is not None
        if before is not None:
            end = before if end is None else end.joined(before)
        for context in reversed(entered):
            if end is not None:
                self._contexts.leave(context, end)
        loop = frame.loops[-1] if frame.loops else None
        others = [at for _, at in frame.returns[marks[0] :]]
        if loop is not None:
            others += [*loop.breaks[marks[1] :], *loop.continues[marks[2] :]]
        for at in others:
            for context in reversed(entered):
                self._contexts.leave(context, at)
        return end


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


def _joined(states: list[State], *, remember: bool = False) -> State | None:
    """Where all of ``states`` meet; None where there is none."""
    if not states:
        return None
    result = states[0]
    for other in states[1:]:
        result = result.joined(other, remember=remember)
    return result


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
