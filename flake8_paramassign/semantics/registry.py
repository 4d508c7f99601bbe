"""What Modules have registered: their Parameters, buffers and children, as torch lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from flake8_paramassign.domain.objects import (
    BUFFER,
    EACH,
    MODULE,
    PARAMETER,
    Field,
    Tensor,
    Thing,
    unseen,
)
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import Address, Addresses, Text, Values, is_unknown


@dataclass(slots=True)
class Listing:
    """What a Module lists."""

    named: list[tuple[str | None, Values]] = field(default_factory=list)
    """By full name; None is one that is not known."""
    is_exact: bool = True
    """Whether there is nothing else, and each is there for sure."""
    modules: list[Address] = field(default_factory=list)
    """The Modules that were looked through, themselves included."""


def parameters(
    address: Address, state: State, addresses: Addresses, *, recurse: bool = True
) -> Listing:
    """What ``named_parameters()`` gives."""
    listing = Listing()
    _collect(address, "", state, addresses, listing, PARAMETER, recurse=recurse)
    return listing


def let_train(address: Address, state: State, addresses: Addresses, flag: bool | None) -> None:
    """Let all Parameters of a Module train, or none."""
    for _, held in parameters(address, state, addresses).named:
        for value in held:
            tensor = state.read(value) if isinstance(value, Address) else None
            if isinstance(tensor, Tensor) and isinstance(value, Address):
                changed = replace(tensor, trainable=flag, explicit=True)
                state.write(value, changed, strong=len(held) == 1)


def modules(address: Address, state: State, addresses: Addresses) -> Listing:
    """What ``named_modules()`` gives."""
    listing = Listing()
    _collect(address, "", state, addresses, listing, MODULE, recurse=True)
    return listing


def children(address: Address, state: State) -> Listing:
    """What ``named_children()`` gives."""
    listing = Listing()
    obj = state.read(address)
    assert isinstance(obj, Thing)
    listing.is_exact = not (obj.is_open or obj.rest or address.many)
    for name, held in obj.held():
        if held.slot & MODULE:
            known = isinstance(name, str) and held.slot == MODULE
            listing.is_exact = listing.is_exact and known
            listing.named.append((name if isinstance(name, str) else None, held.values))
        elif isinstance(name, Text):
            listing.is_exact = False
    return listing


def each_parameter(address: Address, state: State, addresses: Addresses) -> Address:
    """The address that stands for each Parameter of a Module that is not known whole."""
    obj = state.read(address)
    epoch = obj.epoch if isinstance(obj, Thing) else 0
    each = addresses.part(address, EACH, epoch)
    if each not in state.heap:
        state.replace(each, unseen(each))
    return each


def _collect(
    address: Address,
    prefix: str,
    state: State,
    addresses: Addresses,
    listing: Listing,
    wanted: int,
    *,
    recurse: bool,
) -> None:
    if address in listing.modules:
        return
    obj = state.read(address)
    if not isinstance(obj, Thing):
        listing.is_exact = False
        return
    listing.modules.append(address)
    if wanted == MODULE:
        listing.named.append((prefix.rstrip("."), (address,)))
    # Its own Parameters come before those of its children, whatever was registered first.
    for name, held in sorted(obj.held(), key=lambda item: bool(item[1].slot & MODULE)):
        full = f"{prefix}{name}" if isinstance(name, str) else None
        listing.is_exact = listing.is_exact and full is not None
        if wanted == PARAMETER and held.slot & PARAMETER:
            _collect_parameters(address, full, held, state, addresses, listing)
        if recurse and held.slot & MODULE:
            sure = held.slot == MODULE and len(held.values) == 1
            listing.is_exact = listing.is_exact and sure
            for value in held.values:
                if isinstance(value, Address):
                    inner = f"{full}." if full is not None else "?."
                    _collect(value, inner, state, addresses, listing, wanted, recurse=True)
                else:
                    listing.is_exact = False
    if obj.is_open or address.many:
        listing.is_exact = False
        if wanted == PARAMETER and obj.is_open:
            listing.named.append((None, (each_parameter(address, state, addresses),)))


def _collect_parameters(
    address: Address, name: str | None, held: Field, state: State, addresses: Addresses,
    listing: Listing,
) -> None:  # fmt: skip
    """Add what an attribute holds that is a Parameter, or may be."""
    found = tuple(v for v in held.values if _is_parameter(v, state))
    if found:
        sure = name is not None and held.slot == PARAMETER and len(found) == len(held.values) == 1
        listing.is_exact = listing.is_exact and sure
        listing.named.append((name, found))
    elif held.slot != PARAMETER:
        listing.is_exact = False
    if is_unknown(held.values):
        listing.is_exact = False
        listing.named.append((name, (each_parameter(address, state, addresses),)))


def _is_parameter(value: object, state: State) -> bool:
    if not isinstance(value, Address):
        return False
    obj = state.read(value)
    return isinstance(obj, Tensor) and obj.is_parameter


def registered(state: State) -> set[Address]:
    """All objects that some Module in sight may have registered."""
    found: set[Address] = set()
    for _, obj in state.objects():
        if isinstance(obj, Thing) and obj.is_module is not False:
            for _, held in obj.held():
                if held.slot & (PARAMETER | MODULE | BUFFER):
                    found.update(v for v in held.values if isinstance(v, Address))
    return found


def owners(address: Address) -> Iterator[Address]:
    """What a part of an object, of which nothing more is known, is a part of: by its address."""
    site = address.site
    while isinstance(site, tuple) and isinstance(site[0], Address):
        yield site[0]
        site = site[0].site
