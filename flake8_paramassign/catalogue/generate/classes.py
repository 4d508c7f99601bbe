"""What the Module classes of torch register, found by constructing them.

The arguments that decide what is registered (``bias``, ``affine``) are found by changing one at
a time. All their combinations are then constructed with several sizes, and a size of a parameter
is written as the simplest expression in the arguments that agrees with every example.
"""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from flake8_paramassign.catalogue.generate.sizes import fit
from flake8_paramassign.catalogue.slots import Size

if sys.version_info < (3, 11):
    # Before, what ``@typing.overload`` declares could not be asked for.
    raise ImportError("asking torch needs Python 3.11")

Arguments: TypeAlias = dict[str, Any]
Level: TypeAlias = Callable[[Arguments, int], Any]
"""A value to try for an argument, given the other arguments and the number of the example."""
Key: TypeAlias = tuple[bool, ...]


class Outcome(NamedTuple):
    """What became of one slot under some arguments."""

    kind: str
    shape: tuple[Size, ...] | None = None
    module: str | None = None


Slots: TypeAlias = dict[str, Outcome]
_ABSENT = Outcome("absent")
_EXAMPLES = 3
_PRIMES = [n for n in range(5, 400) if all(n % divisor for divisor in range(2, n))]

# What a signature does not tell: a value for each example. Other sizes are multiples of six, so
# that any of these numbers of heads and groups divides them.
_SPECIAL: dict[str, Sequence[Any]] = {
    "num_heads": (1, 2, 3),
    "nhead": (1, 2, 3),
    "num_groups": (1, 2, 3),
    "groups": (1, 2, 3),
    "num_layers": (1, 1, 1),
    "num_encoder_layers": (1, 1, 1),
    "num_decoder_layers": (1, 1, 1),
    "n_classes": (20, 30, 40),
    "cutoffs": ((5, 10), (6, 12), (7, 14)),
    "normalized_shape": (7, (5, 11), (2, 3, 5)),
    "mode": ("LSTM", "GRU", "RNN_TANH"),
    "padding_mode": ("zeros",) * 3,
    "encoder_layer": [nn.TransformerEncoderLayer(6, 1, 6)] * 3,
    "decoder_layer": [nn.TransformerDecoderLayer(6, 1, 6)] * 3,
    "module": [nn.Linear(2, 3)] * 3,
    "output_size": (2, 3, 4),
}


def describe(cls: type[nn.Module], canonical: Mapping[type, str]) -> dict[str, Any]:
    """The entry of ``cls``; without ``slots`` if no arguments were found that construct it."""
    parameters = _constructor(cls)
    entry: dict[str, Any] = {
        "bases": [canonical[base] for base in cls.__mro__[1:] if base in canonical],
        "parameters": [parameter.name for parameter in parameters],
        "defaults": {p.name: p.default for p in parameters if _is_literal(p.default)},
    }
    if issubclass(cls, nn.modules.lazy.LazyModuleMixin):
        entry["lazy"] = True
    slots = _Probe(cls, parameters, canonical).cases()
    if slots is not None:
        entry["slots"] = slots
    return entry


def _constructor(cls: type[nn.Module]) -> list[inspect.Parameter]:
    """The constructor's arguments; where they are ``*args``, those of its first overload."""
    parameters = list(inspect.signature(cls).parameters.values())
    overloads = typing.get_overloads(cls.__init__)
    if overloads and all(_is_variadic(parameter) for parameter in parameters):
        parameters = list(inspect.signature(overloads[0]).parameters.values())[1:]
    return [parameter for parameter in parameters if not _is_variadic(parameter)]


def _is_variadic(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)


def _is_literal(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_literal, value))
    return value is None or isinstance(value, bool | int | float | str)


class _Probe:
    """Constructs one class in many ways."""

    def __init__(
        self,
        cls: type[nn.Module],
        parameters: Sequence[inspect.Parameter],
        canonical: Mapping[type, str],
    ) -> None:
        self.cls = cls
        self.canonical = canonical
        # What starts with an underscore is not for users, but for torch's own class methods:
        # ``Embedding.from_pretrained`` passes ``_freeze``.
        parameters = [
            p for p in parameters if not p.name.startswith("_") or isinstance(p.default, bool)
        ]
        self.parameters = {p.name: p for p in parameters}
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.examples = [
            {
                p.name: _required_value(p, _PRIMES[3 * position + index], index)
                for position, p in enumerate(parameters)
                if p.default is p.empty
            }
            for index in range(_EXAMPLES)
        ]

    def cases(self) -> dict[str, list[list[Any]]] | None:
        """The cases of every slot, as ``torch.json`` has them; None if nothing can be made."""
        if self.construct(self.examples[0]) is None:
            return None
        count = self.counting_argument()
        decisive = self.decisive_arguments(count)
        self.vary_sizes({*decisive, count})
        table: dict[Key, list[Slots]] = {}
        for levels in product(*decisive.values()):
            slots = self.observe(dict(zip(decisive, levels, strict=True)), count)
            if slots is not None:
                key = tuple(_is_truthy(level(self.examples[0], 0)) for level in levels)
                table.setdefault(key, []).append(slots)
        names = dict.fromkeys(name for found in table.values() for slots in found for name in slots)
        return {
            name: _decision_tree(
                {
                    key: _joined([slots.get(name, _ABSENT) for slots in found])
                    for key, found in table.items()
                },
                tuple(decisive),
            )
            for name in names
        }

    def construct(self, arguments: Arguments) -> nn.Module | None:
        """An object of the class, without memory; None where the arguments are wrong."""
        try:
            with torch.device("meta"):
                return self.cls(**arguments)
        except Exception:
            return None

    def structure(self, arguments: Arguments) -> dict[str, Outcome] | None:
        """What an object registers, leaving out the shapes."""
        module = self.construct(arguments)
        if module is None:
            return None
        return {name: outcome for name, outcome, _ in self.registered(module, arguments)}

    def registered(
        self, module: nn.Module, arguments: Arguments
    ) -> Iterator[tuple[str, Outcome, torch.Tensor | None]]:
        """Every slot of the object."""
        for name, parameter in module._parameters.items():
            kind = "parameter" if parameter is None or parameter.requires_grad else "frozen"
            yield name, Outcome("none" if parameter is None else kind), parameter
        for name, buffer in module._buffers.items():
            yield name, Outcome("none-buffer" if buffer is None else "buffer"), buffer
        for name, child in module._modules.items():
            own = child is not None and all(child is not value for value in arguments.values())
            known = self.canonical.get(type(child)) if own else None
            yield name, Outcome("module", module=known), None

    def counting_argument(self) -> str | None:
        """The argument that says how many slots ``..._l0``, ``..._l1`` there are."""
        for name, default in self.defaults.items():
            if default == 1 and not isinstance(default, bool):
                made = [self.structure({**self.examples[0], name: n}) or {} for n in (1, 2, 3)]
                if len(made[0]) < len(made[1]) < len(made[2]):
                    return name
        return None

    def decisive_arguments(self, count: str | None) -> dict[str, list[Level]]:
        """The arguments that change what is registered, with the values that do."""
        example = self.examples[0]
        base = self.structure(example)
        decisive: dict[str, list[Level]] = {}
        for name in [*example, *self.defaults]:
            if name in (count, "device", "dtype"):
                continue
            default = self.defaults.get(name, example.get(name))
            made = {
                level: self.structure({**example, name: level(example, 0)})
                for level in _other_levels(self.parameters[name], default, example)
            }
            if any(structure not in (None, base) for structure in made.values()):
                decisive[name] = [_constant(default), *made]
        return decisive

    def vary_sizes(self, fixed: set[str | None]) -> None:
        """Give the optional numbers another value in each example, where the class takes it."""
        optional = {
            name: _SPECIAL.get(name) or _numbers_around(default, 3 * position)
            for position, (name, default) in enumerate(self.defaults.items(), len(self.examples[0]))
            if isinstance(default, int) and not isinstance(default, bool) and name not in fixed
        }
        together = self._with(optional)
        if all(self.construct(example) for example in together):
            self.examples = together
            return
        for name, values in optional.items():
            alone = self._with({name: values})
            if all(self.construct(example) for example in alone):
                self.examples = alone

    def _with(self, optional: Mapping[str, Sequence[Any]]) -> list[Arguments]:
        return [
            {**example, **{name: values[index] for name, values in optional.items()}}
            for index, example in enumerate(self.examples)
        ]

    def observe(self, levels: Mapping[str, Level], count: str | None) -> Slots | None:
        """The slots under these values of the decisive arguments, with fitted shapes."""
        outcomes: dict[str, Outcome] = {}
        shapes: dict[str, list[tuple[Arguments, tuple[int, ...] | None]]] = {}
        for index, example in enumerate(self.examples):
            chosen = {name: level(example, index) for name, level in levels.items()}
            arguments = {**example, **chosen}
            if count:
                arguments[count] = 3
            unchanged = {n: v for n, v in self.defaults.items() if n not in arguments}
            module = self.construct(arguments)
            if module is None:
                return None
            for name, outcome, tensor in self.registered(module, arguments):
                outcomes[name] = outcome
                shape = None if tensor is None or is_lazy(tensor) else tuple(tensor.shape)
                # The arguments of the example come first: they make the simpler expressions.
                shapes.setdefault(name, []).append(({**arguments, **unchanged}, shape))
        slots = {
            name: outcome._replace(shape=fit(shapes[name])) for name, outcome in outcomes.items()
        }
        return _with_families(slots, count) if count else slots


def _required_value(parameter: inspect.Parameter, prime: int, index: int) -> Any:
    """A value for a required argument: by its name, or its type."""
    if parameter.name in _SPECIAL:
        return _SPECIAL[parameter.name][index]
    text = _type_of(parameter)
    if text == "bool":
        return True
    if "Tensor" in text:
        return torch.ones(4, 4)
    if text == "float":
        return 0.5
    several = re.search(r"tuple\[(int.*?)\]", text)
    takes_number = "int" in re.sub(r"(tuple|list)\[.*?\]", "", text)
    if several and (index or not takes_number):
        length = index + 1 if "..." in several[1] else several[1].count("int")
        return tuple(range(2 + index, 2 + index + length))
    return prime if several else 6 * prime


def _type_of(parameter: inspect.Parameter) -> str:
    annotation = parameter.annotation
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _numbers_around(default: int, position: int) -> Sequence[int]:
    """Three values to try for an optional number."""
    primes = _PRIMES[position : position + _EXAMPLES]
    if default >= 16:
        return [6 * prime for prime in primes]
    return (1, *primes[1:]) if default == 1 else (default,) * _EXAMPLES


def _is_truthy(value: object) -> bool:
    """As the reader sees it: tensors and modules count as given, whatever their ``bool`` is."""
    return bool(value) if value is None or isinstance(value, int) else True


def _constant(value: Any) -> Level:
    return lambda arguments, index: value


def _argument(name: str) -> Level:
    return lambda arguments, index: arguments[name]


def _ones(name: str) -> Level:
    return lambda arguments, index: torch.ones(arguments[name])


def _other_levels(parameter: inspect.Parameter, default: object, example: Arguments) -> list[Level]:
    """Other values to try for an argument with this default."""
    if isinstance(default, bool):
        return [_constant(not default)]
    if isinstance(default, int):
        # One that differs in every example, for it may be a size.
        return [lambda arguments, index: 0 if default else (2, 3, 5)[index]]
    if default is not None:
        return []
    annotation = _type_of(parameter)
    numbers = [name for name, value in example.items() if type(value) is int]
    if "Tensor" in annotation:
        return [lambda arguments, index: torch.ones(2 + index), *map(_ones, numbers)]
    if "Module" in annotation or "Any" in annotation:
        return [_constant(nn.Identity())]
    return [lambda arguments, index: (42, 66, 78)[index], *map(_argument, numbers)]


def _with_families(slots: Slots, count: str) -> Slots:
    """Three layers' slots with one pattern for all but the first."""
    families: Slots = {}
    for name, outcome in slots.items():
        layer = re.search(r"_l(\d)", name)
        if layer is None or layer[1] == "0":
            families[name] = outcome
            continue
        pattern = name.replace(layer[0], f"_l{{1:{count}}}")
        if families.setdefault(pattern, outcome) != outcome:
            raise ValueError(f"the layers of {name} differ: {families[pattern]}, {outcome}")
    return families


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    """What is known where several outcomes look alike: all of these arguments were truthy."""
    if len(set(outcomes)) == 1:
        return outcomes[0]
    kinds = {outcome.kind for outcome in outcomes}
    if len(kinds) == 1:
        return Outcome(kinds.pop())
    if any("buffer" in kind for kind in kinds):
        return Outcome("buffer?")
    return Outcome("module" if kinds <= {"module", "absent"} else "parameter?")


def _decision_tree(
    table: Mapping[Key, Outcome], names: Sequence[str], conditions: tuple[str, ...] = ()
) -> list[list[Any]]:
    """The cases that tell the outcomes apart, as few of them as there can be."""
    outcomes = set(table.values())
    if len(outcomes) == 1:
        case = [" ".join(conditions), *outcomes.pop()]
        while case[-1] is None:
            case.pop()
        return [case]
    trees = []
    for position, name in enumerate(names):
        by_truth = [
            {key: outcome for key, outcome in table.items() if key[position] is truth}
            for truth in (False, True)
        ]
        if all(by_truth):
            trees.append(
                _decision_tree(by_truth[False], names, (*conditions, f"!{name}"))
                + _decision_tree(by_truth[True], names, (*conditions, name))
            )
    return min(trees, key=len)
