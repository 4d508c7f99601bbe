"""What torch's functions, methods and attributes return, found by calling them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

import torch

from flake8_paramassign.catalogue import Result
from flake8_paramassign.catalogue.generate.examples import (
    SHAPED,
    VARIED,
    Make,
    Overload,
    choices,
    options,
    overloads,
    special_calls,
)

_TRIES_TO_SUCCEED = 40
_TRIES_AFTER = 12
_DANGEROUS = {"torch.Tensor.index", "torch.lu_unpack"}
"""What hangs or crashes when its arguments are wrong."""
_TENSORS = {Result.NEW, Result.VIEW, Result.SELF, Result.IN_PLACE}


@dataclass(frozen=True, slots=True)
class Observation:
    """What one call gave back."""

    result: Result
    took_grad: bool
    gave_grad: bool
    integer: bool


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments for a call; they are made afresh each time, as the call may write to them."""

    make_first: Callable[[], torch.Tensor]
    positional: tuple[Make, ...]
    keywords: tuple[tuple[str, Make], ...] = ()
    option: tuple[str, ...] = ()
    """The arguments without which the call would be a plainer one."""

    def with_(self, **keywords: Any) -> Call:
        """The same call with more arguments."""
        more = tuple((name, lambda first, v=value: v) for name, value in keywords.items())
        return Call(self.make_first, self.positional, self.keywords + more, tuple(keywords))

    def observe(self, function: Callable[..., Any]) -> Observation | None:
        """Call ``function``; None where it does not take these arguments."""
        first = self.make_first()
        arguments = [make(first) for make in self.positional]
        keywords = {name: make(first) for name, make in self.keywords}
        tensors = _tensors([*arguments, *keywords.values()])
        took_grad = any(tensor.requires_grad for tensor in tensors)
        versions = [tensor._version for tensor in tensors]
        try:
            returned = function(*arguments, **keywords)
        except RuntimeError as error:
            # Only what writes to its argument is refused for a trainable leaf.
            refused = "a leaf Variable that requires grad" in str(error)
            return Observation(Result.IN_PLACE, True, True, False) if refused else None
        except Exception:
            return None
        result = _result(returned, tensors)
        if result is Result.SELF and not took_grad and versions != [t._version for t in tensors]:
            result = Result.IN_PLACE
        given = _tensors(returned)
        return Observation(
            result,
            took_grad,
            any(tensor.requires_grad for tensor in given),
            bool(given) and not any(t.is_floating_point() or t.is_complex() for t in given),
        )


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _tensors(value: Any) -> list[torch.Tensor]:
    return [item for item in _flat(value) if isinstance(item, torch.Tensor)]


def _result(returned: Any, tensors: Sequence[torch.Tensor]) -> Result:
    """How what a call returned relates to the tensors it took."""
    if returned is None:
        return Result.NONE
    if isinstance(returned, list | tuple) and _tensors(returned):
        items = list(_flat(returned))
        return Result.TUPLE if all(i is None or isinstance(i, torch.Tensor) for i in items) else Result.OTHER
    if not isinstance(returned, torch.Tensor):
        return Result.OTHER
    if any(returned is tensor for tensor in tensors):
        return Result.SELF
    storage = _storage(returned)
    return Result.VIEW if storage and storage in map(_storage, tensors) else Result.NEW


def _storage(tensor: torch.Tensor) -> int:
    """Where the elements lie; 0 for nowhere."""
    return tensor.untyped_storage().data_ptr() if tensor.layout is torch.strided else 0


def describe(name: str, function: Callable[..., Any], fallback: Sequence[Overload] = ()) -> str | None:
    """The result and the facts on a function or method, as ``torch.json`` has them.

    ``None`` where no arguments were found that it takes.
    """
    if name in _DANGEROUS:
        return None
    seen: dict[Call, Observation] = {}
    for overload in overloads(name, function) or fallback:
        seen |= _observe(function, overload)
    for arguments in special_calls(name):
        seen |= _successful(function, (Call(first, arguments) for first in (*SHAPED, *VARIED)))
    if not seen:
        return None
    words = _summary(seen)
    if any(_accepts_requires_grad(function, call) for call in islice(seen, 3)):
        words.append("leaf")
    return " ".join(words)


def _observe(function: Callable[..., Any], overload: Overload) -> dict[Call, Observation]:
    """The calls of one overload that succeed.

    Those that the first suitable tensor allows, then the same with other tensors and options.
    """
    required = [argument for argument in overload if argument.required]
    positional = [argument for argument in required if not argument.keyword_only]
    named = [argument.name for argument in required if argument.keyword_only]
    option = tuple(argument.name for argument in required[1:])
    for make_first in SHAPED:
        calls = (
            Call(
                make_first,
                makes[: len(positional)],
                tuple(zip(named, makes[len(positional) :], strict=True)),
                option,
            )
            for makes in product(*choices(required))
        )
        seen = _successful(function, islice(calls, _TRIES_TO_SUCCEED), stop=True)
        if seen:
            found = next(iter(seen))
            seen |= _successful(function, islice(calls, _TRIES_AFTER))
            others = [replace(found, make_first=other) for other in (*SHAPED, *VARIED)]
            optional = [found.with_(**{name: value}) for name, value in options(overload)]
            return seen | _successful(function, [*others, *optional])
    return {}


def _successful(
    function: Callable[..., Any], calls: Iterable[Call], stop: bool = False
) -> dict[Call, Observation]:
    """What those of the calls give that succeed; just the first of them if it is to stop there."""
    seen: dict[Call, Observation] = {}
    for call in calls:
        observation = call.observe(function)
        if observation is not None:
            seen[call] = observation
            if stop:
                break
    return seen


def _summary(seen: dict[Call, Observation]) -> list[str]:
    """The result, and what holds for all of the calls.

    What a trainable tensor meets decides, where there are such calls: that is what a Parameter is.
    """
    deciding = {call: o for call, o in seen.items() if o.took_grad} or seen
    observations = list(deciding.values())
    kinds = {o.result for o in observations} & _TENSORS
    if not kinds:
        several = next((r for r in (Result.TUPLE, Result.OTHER) if any(o.result is r for o in observations)), Result.NONE)
        words = [several.value]
    else:
        words = [_identity(kinds).value]
    tensors = [o for o in observations if o.result in _TENSORS or o.result is Result.TUPLE]
    if tensors and all(o.took_grad and not o.gave_grad for o in tensors):
        words.append("free")
    if tensors and all(o.integer for o in tensors):
        words.append("integer")
    if kinds:
        words += sorted({f"+{o}" for call, x in deciding.items() if x.result is Result.TUPLE for o in call.option})
    return words


def _identity(kinds: set[Result]) -> Result:
    if Result.IN_PLACE in kinds:
        return Result.IN_PLACE
    if Result.SELF in kinds:
        return Result.SELF if kinds == {Result.SELF} else Result.MAYBE_SELF
    return Result.VIEW if Result.VIEW in kinds else Result.NEW


def _accepts_requires_grad(function: Callable[..., Any], call: Call) -> bool:
    """Whether the function makes a trainable leaf when it is asked to."""
    for keywords in ({}, {"dtype": torch.float64}):
        seen = call.with_(requires_grad=True, **keywords).observe(function)
        if seen is not None and seen.gave_grad and seen.result is Result.NEW:
            return True
    return False
