"""What a program stores on its modules, seen while it is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


class Stores:
    """What came of the stores that have been watched."""

    def __init__(self) -> None:
        """Nothing has been seen yet."""
        self.refused: dict[tuple[int, str], str] = {}
        """Why the last store under a name was refused, by module and name."""
        self.unsaid: set[int] = set()
        """The Parameters that require grad without anybody having said so."""
        self._replaced: list[tuple[nn.Module, str, nn.Parameter]] = []
        self._kept: list[object] = []
        """All that was seen, so that no identity is given out again."""

    @property
    def thawed(self) -> list[str]:
        """The names under which a frozen Parameter gave way to one that trains by default."""
        return [
            name
            for module, name, parameter in self._replaced
            if module._parameters.get(name) is parameter
            and parameter.requires_grad
            and id(parameter) in self.unsaid
        ]

    def made(self, parameter: nn.Parameter, is_said: bool) -> None:
        """Take note of a new Parameter, and of whether requires_grad was given."""
        self._kept.append(parameter)
        if not is_said:
            self.unsaid.add(id(parameter))

    def stored(self, module: nn.Module, name: str, old: object, new: object) -> None:
        """Take note of a store that was done."""
        self._kept.append(module)
        self.refused.pop((id(module), name), None)
        if isinstance(old, nn.Parameter) and isinstance(new, nn.Parameter) and old is not new:
            if not old.requires_grad and old.is_floating_point():
                self._replaced.append((module, name, new))

    def refuse(self, module: nn.Module, name: str, why: str) -> None:
        """Take note of a store that was refused."""
        self._kept.append(module)
        self.refused[id(module), name] = why


@contextmanager
def watched() -> Iterator[Stores]:
    """Watch stores on any module, and Parameters being made, meanwhile."""
    stores = Stores()
    store, make = nn.Module.__setattr__, nn.Parameter.__dict__["__new__"]

    def __setattr__(module: nn.Module, name: str, value: Any) -> None:
        old = module.__dict__.get("_parameters", {}).get(name)
        try:
            store(module, name, value)
        except TypeError as error:
            stores.refuse(module, name, str(error))
            raise
        stores.stored(module, name, old, value)

    def __new__(cls: type, data: Any = None, *flag: bool, **named: bool) -> Any:
        made = make(cls, data, *flag, **named)
        stores.made(made, bool(flag or named))
        return made

    nn.Module.__setattr__ = __setattr__  # type: ignore[method-assign, assignment]
    nn.Parameter.__new__ = __new__  # type: ignore[method-assign]
    try:
        yield stores
    finally:
        nn.Module.__setattr__ = store  # type: ignore[method-assign]
        nn.Parameter.__new__ = make  # type: ignore[method-assign]
