"""One run of a program, and what really happened at each of its lines."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any
from unittest.mock import patch

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from codemods.verification.generated.text import UNKNOWN
from codemods.verification.jobs import Job
from codemods.verification.reasons import DoesNotApply
from codemods.verification.trial import Run, StageError, Trial, seed, stage

FILENAME = "generated.py"
RAISED = (
    ("PRM101", "TypeError", r"cannot assign .* (as|object to) parameter"),
    ("PRM106", "ValueError", r"can't optimize a non-leaf Tensor"),
    ("PRM107", "AttributeError", r"cannot assign \w+ before Module.__init__"),
    (
        "PRM108",
        "RuntimeError",
        r"Only Tensors of floating point|data set to a tensor that",
    ),
    ("empty", "ValueError", r"optimizer got an empty parameter list"),
    ("PRM301", "RuntimeError", r"leaf Variable that requires grad"),
)
"""What an exception shows: the claim of a rule, or what may be one."""
OTHERWISE = "raised"
"""What a line raises that shows no claim."""
LATER = " for a while"
"""What is added to a rule's code where something was so, and is not at the end."""
SWITCHES = {condition: condition.split('"')[1] for condition in UNKNOWN}


@dataclass
class Record:
    """What was seen in one run, or in several."""

    lines: set[int] = field(default_factory=set)
    """Those that began to run."""
    facts: dict[str, set[int]] = field(default_factory=dict)
    """The lines at which the claims of a rule came true, by its code."""
    sometimes: set[tuple[str, int]] = field(default_factory=set)
    """What happened in some runs, and not in others that came there."""
    raised: str = ""
    """What ended the program: type and message."""
    raised_at: int = 0
    """At which line; 0 where nothing did, or no line of the program is to blame."""
    blamed: set[int] = field(default_factory=set)
    """All lines that were being run then."""
    raised_as: str = ""
    """The rule whose claim that is."""
    finished: bool = False
    """Whether everything was run, to the end of two steps of training."""
    trained: bool = False
    """Whether there was something to train in these."""

    def fact(self, code: str, line: int) -> None:
        """Take note that what the rule says happens at this line."""
        self.facts.setdefault(code, set()).add(line)


@dataclass(frozen=True)
class _Store:
    module: nn.Module
    name: str
    old: Any
    new: Any
    line: int
    constructing: bool
    trained: bool
    """Whether what is stored required grad then."""
    takers: frozenset[int]
    """The optimizers that held what was replaced, by identity."""
    was_optimised: bool
    """Whether an optimizer was there."""
    items: list[Any]
    """What was in the container that is stored."""


class Witness:
    """Looks on while a program runs."""

    def __init__(self, filename: str = FILENAME) -> None:
        """Of what happens elsewhere than in ``filename``, its callers there are told."""
        self.filename = filename
        self.record = Record()
        self._stores: list[_Store] = []
        self._optimizers: list[torch.optim.Optimizer] = []
        self._data: list[tuple[nn.Parameter, int]] = []
        self._stale: set[tuple[int, str]] = set()
        """The slots whose Parameter an optimizer still has, in the place of a later one."""
        self._explicit: list[torch.Tensor] = []
        """Those of which the program says whether they train."""
        self._stepped: dict[int, int] = {}
        """How many stores there were when each optimizer stepped last, by its identity."""

    def _frames(self) -> Iterator[FrameType]:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self.filename:
                yield frame
            frame = frame.f_back

    def _traced(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != self.filename:
            return None
        if event == "line":
            self.record.lines.add(frame.f_lineno)
        elif event == "exception" and isinstance(argument, tuple):
            self._caught(argument[1], argument[2], frame.f_lineno)
        return self._traced

    def _caught(self, error: object, traceback: TracebackType | None, line: int) -> None:
        """Take note of what is raised at a line, where the program may go on after it."""
        while traceback is not None and traceback.tb_next is not None:
            traceback = traceback.tb_next
            if traceback.tb_frame.f_code.co_filename == self.filename:
                return  # by what that line calls
        if isinstance(error, Exception):
            for code in [*raised_as(error)] or [OTHERWISE]:
                self.record.fact(code + LATER, line)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look on, meanwhile."""
        store, make = nn.Module.__setattr__, torch.optim.Optimizer.__init__
        make_parameter = nn.Parameter.__new__
        register, listed = nn.Module.register_parameter, nn.Module.parameters

        def __setattr__(module: nn.Module, name: str, value: Any) -> None:
            parameters = module.__dict__.get("_parameters", {})
            old = parameters.get(name)
            try:
                store(module, name, value)
            except TypeError:
                self._seen("refused")
                raise
            self._stored(module, name, old, value)

        def register_parameter(module: nn.Module, name: str, param: Any) -> None:
            old = module._parameters.get(name)
            register(module, name, param)
            self._stored(module, name, old, param)

        def __init__(optimizer: Any, *arguments: Any, **options: Any) -> None:
            make(optimizer, *arguments, **options)
            if any(self._frames()):
                self._optimizers.append(optimizer)

        def parameters(module: nn.Module, recurse: bool = True) -> Any:
            return _Once(listed(module, recurse), self)

        def __new__(cls: Any, data: Any = None, *flag: Any, **named: Any) -> Any:
            made = make_parameter(cls, data, *flag, **named)
            said = bool(flag or named) and sys._getframe(1).f_code.co_filename == self.filename
            if said:
                self._explicit.append(made)
            return made

        def requires_grad_(parameter: nn.Parameter, requires_grad: bool = True) -> nn.Parameter:
            self._explicit.append(parameter)
            torch.Tensor.requires_grad_(parameter, requires_grad)
            return parameter

        def set_flag(parameter: nn.Parameter, value: bool) -> None:
            self._explicit.append(parameter)
            torch.Tensor.requires_grad.__set__(parameter, value)  # type: ignore[attr-defined]

        def stepped(optimizer: Any, *_: Any) -> None:
            if any(self._frames()):
                self._stepped[id(optimizer)] = len(self._stores)

        def set_data(parameter: nn.Parameter, value: torch.Tensor) -> None:
            torch.Tensor.data.__set__(parameter, value)  # type: ignore[attr-defined]
            frame = sys._getframe(1)
            if frame.f_code.co_filename == self.filename:
                self._data.append((parameter, frame.f_lineno))
                if self._shares(parameter, [store.module for store in self._stores]):
                    self.record.fact("PRM305" + LATER, frame.f_lineno)

        changed = {
            "data": property(torch.Tensor.data.__get__, set_data),  # type: ignore[attr-defined]
            "requires_grad": property(torch.Tensor.requires_grad.__get__, set_flag),  # type: ignore[attr-defined]
            "requires_grad_": requires_grad_,
        }
        with ExitStack() as patched:
            for owner, name, new in (
                (nn.Module, "__setattr__", __setattr__),
                (nn.Module, "register_parameter", register_parameter),
                (nn.Module, "parameters", parameters),
                (torch.optim.Optimizer, "__init__", __init__),
                (nn.Parameter, "__new__", __new__),
            ):
                patched.enter_context(patch.object(owner, name, new))
            for name, attribute in changed.items():
                setattr(nn.Parameter, name, attribute)
                patched.callback(delattr, nn.Parameter, name)
            patched.callback(register_optimizer_step_post_hook(stepped).remove)
            sys.settrace(self._traced)
            patched.callback(sys.settrace, None)
            yield

    def used_up(self) -> None:
        """Take note that what has no Parameter left is asked for more."""
        self._seen("PRM109")

    def _seen(self, code: str) -> None:
        for frame in self._frames():
            self.record.fact(code, frame.f_lineno)
            return

    def _stored(self, module: nn.Module, name: str, old: Any, new: Any) -> None:
        frames = [*self._frames()]
        if not frames:
            return
        line = frames[0].f_lineno
        names = {frame.f_code.co_name for frame in frames}
        if name == "requires_grad":
            self.record.fact("PRM203", line)
        if "forward" in names and isinstance(new, nn.Parameter) and new is not old:
            self.record.fact("PRM302" + LATER * (not new.requires_grad), line)
        takers = frozenset(id(o) for o in self._optimizers if _holds(o, old))
        trained = bool(getattr(new, "requires_grad", False))
        constructing = "__init__" in names
        optimised = bool(self._optimizers)
        self._stores.append(
            _Store(
                *(module, name, old, new, line, constructing, trained, takers, optimised),
                items=_items(new) if isinstance(new, (list, tuple, dict)) else [],
            )
        )

    def conclude(self, root: nn.Module | None, optimizer: torch.optim.Optimizer | None) -> None:
        """Take note of what shows when all has been done.

        ``root`` is what was built, and ``optimizer`` what trains it from then on.
        """
        # A Module that was never begun holds nothing.
        self._stores = [store for store in self._stores if "_parameters" in vars(store.module)]
        kept = [*root.modules()] if root else []
        modules = list({id(m): m for m in (*kept, *(s.module for s in self._stores))}.values())
        for number, store in enumerate(self._stores):
            used = {taker for taker, stores in self._stepped.items() if stores > number}
            self._conclude_store(store, {*used, id(optimizer)}, modules)
        for parameter, line in self._data:
            if self._shares(parameter, modules):
                own = any(parameter is p for module in kept for p in module._parameters.values())
                is_kept = own and self._shares(parameter, kept)
                self.record.fact("PRM305" + LATER * (not is_kept), line)

    @staticmethod
    def _shares(parameter: nn.Parameter, modules: list[nn.Module]) -> bool:
        """Whether another Parameter of ``modules`` has the same storage."""
        every = (other for module in modules for other in module._parameters.values())
        others = (other for other in every if other is not None and other is not parameter)
        address = parameter.data_ptr()
        return address != 0 and any(other.data_ptr() == address for other in others)

    def _conclude_store(self, store: _Store, used: set[int], modules: list[nn.Module]) -> None:
        module, name, old, new, line = store.module, store.name, store.old, store.new, store.line
        # What is replaced later was so even then, but nobody has to tell.
        held = module._parameters if isinstance(new, nn.Parameter) else module.__dict__
        later = "" if held.get(name) is new else LATER
        if isinstance(new, nn.Parameter):
            is_taken = any(_holds(optimizer, new) for optimizer in self._optimizers)
            if store.was_optimised and store.trained and not is_taken:
                self.record.fact("PRM303" + LATER, line)  # it never trains, whatever was there
            if isinstance(old, nn.Parameter) and old is not new:
                slot = id(module), name
                stale = store.takers or slot in self._stale
                if stale and not is_taken and store.trained:
                    seen = store.takers and not used.isdisjoint(store.takers)
                    self.record.fact("PRM303" + (later if seen else LATER), line)
                    self._stale.add(slot)
                if not old.requires_grad and store.trained:
                    is_tie = sum(new is p for m in modules for p in m._parameters.values()) > 1
                    is_meant = is_tie or any(new is known for known in self._explicit)
                    seen = new.requires_grad and not is_meant
                    self.record.fact("PRM304" + (later if seen else LATER), line)
        elif new is not module._buffers.get(name) and new is not module._modules.get(name):
            if isinstance(new, torch.Tensor):
                self.record.fact(_lost(store) + later, line)
            elif isinstance(new, (list, tuple, dict)) and not name.startswith("_"):
                for code in _unregistered(_items(new), module):
                    self.record.fact(code + later, line)
                for code in _unregistered(store.items, module):
                    self.record.fact(code + LATER, line)


def _holds(optimizer: torch.optim.Optimizer, parameter: object) -> bool:
    return any(p is parameter for group in optimizer.param_groups for p in group["params"])


def _lost(store: _Store) -> str:
    """Return what becomes of a tensor that is no Parameter."""
    try:
        is_leaf = store.new.is_leaf
    except RuntimeError:  # a view made without gradients, of what was then written with them
        is_leaf = False
    if is_leaf:
        return "PRM103" if store.new.requires_grad else "detached"
    return "PRM102" if store.constructing else "cached"


def _items(container: Any) -> list[Any]:
    """Return what is in a container, and in those in it."""
    held = list(container.values() if isinstance(container, dict) else container)
    return held + [item for part in held if isinstance(part, (list, tuple)) for item in part]


def _unregistered(held: list[Any], module: nn.Module) -> Iterator[str]:
    """Yield the rules that speak of what a module keeps in a container."""
    registered = {*map(id, module.parameters()), *map(id, module.modules())}
    for item in held:
        if id(item) not in registered:
            if isinstance(item, nn.Parameter):
                yield "PRM104"
            elif isinstance(item, nn.Module) and [*item.parameters()]:
                yield "PRM105"


class _Once:
    """The Parameters of a Module, once."""

    def __init__(self, parameters: Iterator[nn.Parameter], witness: Witness) -> None:
        self._parameters = parameters
        self._witness = witness
        self._is_used_up = False

    def __iter__(self) -> _Once:
        if self._is_used_up:
            self._witness.used_up()
        return self

    def __next__(self) -> nn.Parameter:
        try:
            return next(self._parameters)
        except StopIteration:
            self._is_used_up = True
            raise


@contextmanager
def switched(on: frozenset[str]) -> Iterator[None]:
    """Let the conditions ``on`` hold, and the others not, meanwhile."""
    with patch.dict(os.environ):
        for condition, name in SWITCHES.items():
            os.environ.pop(name, None)
            if condition in on:
                os.environ[name] = "1"
        yield


def ways(source: str) -> list[frozenset[str]]:
    """Return all ways to switch the conditions of a program."""
    found = [frozenset[str]()]
    for condition in SWITCHES:
        if SWITCHES[condition] in source:
            found += [way | {condition} for way in found]
    return found


def trial_of(source: str, device: str = "cpu") -> Trial:
    """Return a trial of a program that is no file; raises SyntaxError."""
    return Trial(Job(Path(FILENAME), device), source)


def run(source: str, way: frozenset[str], device: str = "cpu") -> Record:
    """Run a program in one way: build it, and train it for two steps."""
    witness = Witness()
    record = witness.record
    root: nn.Module | None = None
    optimizer: torch.optim.Optimizer | None = None
    with switched(way), witness.looking():
        try:
            trial = trial_of(source, device)
            seed()
            with stage("build"):
                names = trial.program.execute()
                root, optimizer = trial.program.build(names)
            Run(trial, root, optimizer, names).train(steps=2)
            record.finished = True
            record.trained = any(parameter.requires_grad for parameter in root.parameters())
        except DoesNotApply:
            record.finished = True
        except StageError as error:
            _blame(record, error.__cause__ or error)
        except Exception as error:
            _blame(record, error)
    witness.conclude(root, optimizer)
    return record


def _blame(record: Record, error: BaseException) -> None:
    text = str(error)
    record.raised = f"{type(error).__name__}: {text.splitlines()[0] if text else ''}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno or 0 for frame in frames if frame.filename == FILENAME]
    record.raised_at = own[-1] if own else 0
    record.blamed.update(own)
    for code in raised_as(error):
        record.raised_as = code
        record.fact(code, record.raised_at)


def raised_as(error: BaseException) -> Iterator[str]:
    """Yield the rule whose claim an exception shows."""
    for code, kind, pattern in RAISED:
        if type(error).__name__ == kind and re.search(pattern, str(error)):
            yield code


@lru_cache(maxsize=8)
def run_all(source: str, device: str = "cpu") -> tuple[Record, list[Record]]:
    """Run a program in every way; return all that was seen, and what in each of them.

    What was run last is not run again.
    """
    records = [run(source, way, device) for way in ways(source)]
    total = Record(
        finished=all(record.finished for record in records),
        trained=all(record.trained for record in records),
    )
    for record in records:
        total.sometimes |= {
            (code, line)
            for other in records
            for code, lines in other.facts.items()
            for line in lines
            if line in record.lines and line not in record.facts.get(code, ())
        }
        total.lines |= record.lines
        total.blamed |= record.blamed
        for code, lines in record.facts.items():
            total.facts.setdefault(code, set()).update(lines)
        if record.raised and not total.raised:
            total.raised, total.raised_at = record.raised, record.raised_at
            total.raised_as = record.raised_as
    return total, records
