"""What torch's functions, methods and attributes return, found by calling them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch

from flake8_paramassign.catalogue import Result
from flake8_paramassign.catalogue.generate.examples import (
    OTHERS,
    TRAINABLE,
    VARIED,
    Make,
    MakeFirst,
    arguments_to_try,
    options,
)
from flake8_paramassign.catalogue.generate.signatures import (
    ONLY_SELF,
    REQUIRED,
    Argument,
    Function,
    Overload,
    declared_result,
    keeps_what_is_there_already,
    overloads,
)

# How many calls of a kind are made, at most.
_TRIES = 40
_TRIES_WITH_OTHERS = 12
_TRIES_AFTER = 12
_CALLS_WITH_OPTIONS = 8

_DANGEROUS = {"torch.Tensor.index", "torch.lu_unpack", "torch.from_file"}
"""What hangs or crashes when its arguments are wrong, or writes a file."""
_TENSORS = {Result.NEW, Result.VIEW, Result.SELF, Result.IN_PLACE}


@dataclass(frozen=True, slots=True)
class Observation:
    """What one call gave back."""

    result: Result
    took_grad: bool
    gave_grad: bool
    integer: bool
    """Whether all tensors that it gave are of an integer or bool dtype."""


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments for a call; they are made afresh each time, as the call may write to them."""

    make_first: MakeFirst
    positional: tuple[Make, ...]
    keywords: tuple[tuple[str, Make], ...] = ()
    option: tuple[str, ...] = ()
    """The arguments without which the call would be a plainer one."""

    def with_(self, **keywords: Any) -> Call:
        """The same call with more arguments."""
        more = tuple((name, lambda first, v=value: v) for name, value in keywords.items())
        return Call(self.make_first, self.positional, self.keywords + more, tuple(keywords))

    def observe(self, function: Function) -> Observation | None:
        """Call ``function``; None where it does not take these arguments."""
        first = self.make_first()
        arguments = [make(first) for make in self.positional]
        keywords = {name: make(first) for name, make in self.keywords}
        tensors = _tensors([*arguments, *keywords.values()])
        took_grad = next((t.requires_grad for t in tensors if _is_inexact(t)), False)
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
            gave_grad=any(tensor.requires_grad for tensor in given),
            integer=bool(given) and not any(map(_is_inexact, given)),
        )


def _is_inexact(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


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
    if not isinstance(returned, torch.Tensor):
        others = [item for item in _flat(returned) if not isinstance(item, torch.Tensor | None)]
        return Result.TUPLE if _tensors(returned) and not others else Result.OTHER
    if any(returned is tensor for tensor in tensors):
        return Result.SELF
    storage = _storage(returned)
    return Result.VIEW if storage and storage in map(_storage, tensors) else Result.NEW


def _storage(tensor: torch.Tensor) -> int:
    """Where the elements lie; 0 for nowhere."""
    return tensor.untyped_storage().data_ptr() if tensor.layout is torch.strided else 0


def describe_attribute(name: str) -> str | None:
    """The result and the facts on an attribute of tensors, as ``torch.json`` has them."""

    def read(tensor: torch.Tensor) -> Any:
        tensor.grad = torch.zeros_like(tensor)
        return getattr(tensor, name)

    seen = _observe(read, ONLY_SELF)
    return " ".join(_summary(seen)) if seen else None


def describe(name: str, function: Function) -> str | None:
    """The result and the facts on a function or method, as ``torch.json`` has them.

    ``name`` is its full name. None where there is nothing to tell.
    """
    if keeps_what_is_there_already(function):
        return Result.MAYBE_SELF.value
    # A method of which nothing is declared takes the tensor alone.
    alone = [ONLY_SELF] if name.startswith("torch.Tensor.") else []
    ways = [] if name in _DANGEROUS else overloads(name, function) or alone
    seen_by_way = [seen for way in ways if (seen := _observe(function, way))]
    if not seen_by_way:
        declared = declared_result(name, function)
        return declared.value if declared else None
    words = _summary({call: o for seen in seen_by_way for call, o in seen.items()})
    if any(_makes_leaf(function, next(iter(seen))) for seen in seen_by_way):
        words.append("leaf")
    return " ".join(words)


def _observe(function: Function, overload: Overload) -> dict[Call, Observation]:
    """The calls of one overload that succeed: those with as few arguments as it takes."""
    required = tuple(a for a in overload if a.default is REQUIRED)
    optional = tuple(a for a in overload if a.default is None)
    # Some functions want one of their optional arguments: ``torch.clamp(p, min=0)``.
    for given in ((), *((argument,) for argument in optional), optional):
        seen = _observe_with(function, overload, required + given)
        if seen:
            return seen
    return {}


def _observe_with(
    function: Function, overload: Overload, given: Sequence[Argument]
) -> dict[Call, Observation]:
    """The calls with values for ``given``.

    Those that the first suitable tensor allows, then the same with other tensors and options.
    """
    positional = [a for a in given if a.default is REQUIRED and not a.keyword_only]
    named = [a for a in given if a not in positional]
    option = tuple(argument.name for argument in given[1:])
    for make_first in (*TRAINABLE, *OTHERS):
        calls = (
            Call(
                make_first,
                makes[: len(positional)],
                tuple(zip((a.name for a in named), makes[len(positional) :], strict=True)),
                option,
            )
            for makes in arguments_to_try([*positional, *named])
        )
        tries = _TRIES if make_first is TRAINABLE[0] else _TRIES_WITH_OTHERS
        seen = _successful(function, islice(calls, tries), stop=True)
        if seen:
            found = next(iter(seen))
            seen |= _successful(function, islice(calls, _TRIES_AFTER))
            others = (replace(found, make_first=other) for other in (*TRAINABLE, *VARIED))
            of_others = _successful(function, others)
            with_options = (
                call.with_(**{name: value})
                for call in islice((found, *of_others), _CALLS_WITH_OPTIONS)
                for name, value in options(overload)
            )
            return seen | of_others | _successful(function, with_options)
    return {}


def _successful(
    function: Function, calls: Iterable[Call], stop: bool = False
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


def _summary(seen: Mapping[Call, Observation]) -> list[str]:
    """The result, and what holds for all of the calls.

    What a trainable tensor meets decides, where there are such calls: that is what a Parameter is.
    """
    deciding = {call: o for call, o in seen.items() if o.took_grad} or seen
    results = {o.result for o in deciding.values()}
    result = _joined(results)
    words = [result.value]
    made = [o for o in deciding.values() if o.result in _TENSORS or o.result is Result.TUPLE]
    if made and all(o.took_grad and not o.gave_grad for o in made):
        words.append("free")
    without_dtype = [o for call, o in deciding.items() if o in made and "dtype" not in call.option]
    if without_dtype and all(o.integer for o in without_dtype):
        words.append("integer")
    if Result.TUPLE in results and result is not Result.TUPLE:
        several = [call for call, o in deciding.items() if o.result is Result.TUPLE]
        words += sorted({f"+{name}" for call in several for name in call.option})
    return words


def _joined(results: set[Result]) -> Result:
    """The one result that stands for all of these."""
    identities = results & _TENSORS
    if Result.TUPLE in results and identities <= {Result.IN_PLACE}:
        return Result.TUPLE
    if Result.IN_PLACE in identities:
        return Result.IN_PLACE
    if Result.SELF in identities and len(identities) > 1:
        return Result.MAYBE_SELF
    order = (Result.SELF, Result.VIEW, Result.NEW, Result.OTHER, Result.NONE)
    return next(result for result in order if result in results)


def _makes_leaf(function: Function, call: Call) -> bool:
    """Whether the function makes a trainable leaf when it is asked to."""
    for keywords in ({}, {"dtype": torch.float64}):
        seen = call.with_(requires_grad=True, **keywords).observe(function)
        if seen is not None and seen.gave_grad and seen.result is Result.NEW:
            return True
    return False
