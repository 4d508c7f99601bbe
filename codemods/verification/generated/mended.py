"""What the fixes make of a program, held against the program as it is meant."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import torch
from torch import nn

from codemods.verification.differences import compare
from codemods.verification.generated.witness import (
    FILENAME,
    Record,
    run_all,
    switched,
    trial_of,
    ways,
)
from codemods.verification.observing import Seen, observe
from flake8_paramassign.analysis import analyze
from flake8_paramassign.diagnostics import Applicability, Diagnostic
from flake8_paramassign.fixes.engine import analyze_with_fixes, fix_source
from flake8_paramassign.settings import DEFAULT, Settings

REGISTERS = ("PRM102", "PRM103", "PRM104", "PRM105")
"""Rules whose fix registers something, and changes nothing of the first outputs."""
RAISING = ("PRM101", "PRM106", "PRM107", "PRM108", "PRM301")
"""Rules whose claim is that something raises."""
FREEZES = ("PRM203", "PRM304")
"""Rules whose fix leaves less to train."""
ONLY_TRAINED = "backward through the graph a second time"
"""What another defect raises as soon as a program has something to train."""
REACHING = ("parameters()", "modules()", ".apply(", ".double()", ".half()", "load_state_dict")
"""What does something with all that is registered, and so with what is registered newly."""


@dataclass(frozen=True)
class Mended:
    """A fix that was made, or several, and what is wrong with the result."""

    codes: tuple[str, ...]
    is_safe: bool
    source: str
    """What the program has become."""
    problem: str = ""
    note: str = ""
    """What the fix said of itself."""


def mend(source: str) -> Iterator[Mended]:
    """Yield what came of all safe fixes together, and of each unsafe one."""
    found = analyze_with_fixes(source.encode(), FILENAME, settings=DEFAULT)
    safe = [d for d in found if _applies(d, Applicability.SAFE)]
    if safe:
        mended = fix_source(source.encode(), FILENAME).source.decode()
        takers = [taker for d in safe if d.code == "PRM106" for taker in d.trace]
        lines = frozenset([*(d.start.line for d in safe), *(taker.start.line for taker in takers)])
        codes = tuple(sorted({diagnostic.code for diagnostic in safe}))
        problem = _safe_problem(source, mended, lines)
        yield Mended(codes, True, mended, problem)
    before: Record | None = None
    for diagnostic in found:
        if _applies(diagnostic, Applicability.UNSAFE) and diagnostic.fix:
            before = before or run_all(source)[0]
            mended = _with_one(source, found, diagnostic)
            if mended != source:
                problem = _unsafe_problem(source, mended, diagnostic, before)
                yield Mended((diagnostic.code,), False, mended, problem, diagnostic.fix.message)


def _applies(diagnostic: Diagnostic, applicability: Applicability) -> bool:
    return diagnostic.fix is not None and diagnostic.fix.applicability is applicability


def _with_one(source: str, found: list[Diagnostic], wanted: Diagnostic) -> str:
    """Return the program with one fix made, of those that are ``found``."""
    made: list[Diagnostic] = []

    def accept(diagnostic: Diagnostic, before: bytes, after: bytes) -> bool:
        if made or (diagnostic.code, diagnostic.start) != (wanted.code, wanted.start):
            return False
        made.append(diagnostic)
        return True

    written = source.encode()

    def known(source: bytes, filename: str, *, settings: Settings) -> list[Diagnostic]:
        return found if source == written else []

    result = fix_source(source.encode(), FILENAME, unsafe_fixes=True, accept=accept, analyze=known)
    return result.source.decode()


def _safe_problem(source: str, mended: str, lines: frozenset[int]) -> str:
    if new := _new_findings(source, mended):
        return f"it is found anew: {new}"
    for way in ways(source):
        with switched(way):
            before, after = _observed(source, lines), _observed(mended)
        differences, _ = compare(before, after)
        if differences:
            return "; ".join(map(str, differences[:3]))
    return ""


def _unsafe_problem(source: str, mended: str, found: Diagnostic, before: Record) -> str:
    after, _ = run_all(mended)
    others = _told(source, but=found.start.line)
    if after.raised_at and mended.splitlines()[after.raised_at - 1] in others:
        return ""
    if before.raised_at == found.start.line and before.raised_as == after.raised_as == found.code:
        return f"it still raises {after.raised}"
    registers = found.code in REGISTERS
    if registers and any(word in source for word in REACHING):
        return ""
    new = _new_findings(source, mended, but=others)
    if new.startswith(RAISING):
        return f"it is found anew: {new}"
    if not before.trained and ONLY_TRAINED in after.raised:
        return ""
    if after.raised and not before.raised and not _is_announced(after, found):
        return f"it raises {after.raised}"
    compares = registers and not (before.raised or after.raised)
    return _first_outputs_differ(source, mended) if compares else ""


def _is_announced(after: Record, found: Diagnostic) -> bool:
    """Whether the fix's note says that this may be raised, or the fix is for nothing else."""
    note = found.fix.message if found.fix else ""
    misfits = any(words in after.raised for words in ("size of tensor", "output with shape"))
    shape = misfits and "raises where the shape" in note
    freezes = "empty" in after.facts and found.code in FREEZES
    return shape or freezes or after.raised.split(":")[0] in note


def _first_outputs_differ(source: str, mended: str) -> str:
    for way in ways(source):
        with switched(way):
            seen = [observe(trial_of(text)) for text in (source, mended)]
        before, after = (
            {key: value for key, value in one.items() if key[0] == "output" and key[2] == "step 1"}
            for one in seen
        )
        differences, _ = compare(before, after)
        if differences:
            return str(differences[0])
    return ""


@lru_cache(maxsize=1)
def _found(source: str) -> list[Diagnostic]:
    """Return what the linter says of a program of which several fixes are looked at."""
    return analyze(source, FILENAME)


def _told(source: str, *, but: int) -> frozenset[str]:
    """Return the lines of which the linter says something, save one.

    What is said of them, or raised there, may well change where only that one is mended.
    """
    lines = source.splitlines()
    told = {diagnostic.start.line for diagnostic in _found(source)}
    return frozenset(lines[line - 1] for line in told - {but})


def _new_findings(source: str, mended: str, *, but: frozenset[str] = frozenset()) -> str:
    """Return what the linter says of a mended program, and did not say before.

    ``but`` are lines of which it may.
    """
    known = sorted(diagnostic.code for diagnostic in _found(source))
    lines = mended.splitlines()
    for diagnostic in analyze(mended, FILENAME):
        if diagnostic.code in known:
            known.remove(diagnostic.code)
        elif lines[diagnostic.start.line - 1] not in but:
            return f"{diagnostic.code} {diagnostic.message}"
    return ""


def _observed(source: str, meant: frozenset[int] = frozenset()) -> Seen:
    trial = trial_of(source)
    build = trial.program.build

    def built(names: dict[str, Any]) -> Any:
        with as_meant(meant):
            return build(names)

    trial.program.build = built  # type: ignore[method-assign]
    return observe(trial)


@contextmanager
def as_meant(lines: frozenset[int]) -> Iterator[None]:
    """Let stores at these lines be done as they are meant: what stands there takes the value.

    Where nothing does, it becomes a Parameter, which trains as the value does. An optimizer that is
    made there is given leaves.
    """
    store, add = nn.Module.__setattr__, torch.optim.Optimizer.add_param_group

    def __setattr__(module: nn.Module, name: str, value: Any) -> None:
        if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
            if _line() in lines:
                standing = module._parameters.get(name)
                if standing is not None:
                    with torch.no_grad():
                        standing.copy_(value)
                    return
                value = nn.Parameter(value.detach(), requires_grad=value.requires_grad)
        store(module, name, value)

    def add_param_group(optimizer: torch.optim.Optimizer, group: dict[str, Any]) -> None:
        given = group["params"]
        if _line() in lines and isinstance(given, list):
            for tensor in given:
                if not tensor.is_leaf:
                    tensor.detach_().requires_grad_()
        add(optimizer, group)

    with (
        patch.object(nn.Module, "__setattr__", __setattr__),
        patch.object(torch.optim.Optimizer, "add_param_group", add_param_group),
    ):
        yield


def _line() -> int:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename != FILENAME:
        frame = frame.f_back
    return frame.f_lineno
