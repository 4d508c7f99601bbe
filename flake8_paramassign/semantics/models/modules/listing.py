"""What a Module lists: its Parameters, buffers and Modules."""

from __future__ import annotations

from flake8_paramassign.domain.objects import (
    OTHER_MODULES,
    Container,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.values import (
    UNKNOWN,
    Address,
    Constant,
    Text,
    Values,
    join_all,
)
from flake8_paramassign.semantics import registry
from flake8_paramassign.semantics.models.base import Call, method


def listed(call: Call, each: list[Values], *, exact: bool, kind: str = "generator") -> Values:
    """A container, or a generator, of what the receiver lists."""
    of: Values = (call.receiver,) if call.receiver is not None else ()
    place = call.machine.place(call.node)
    if exact:
        made = Container(kind, dict(enumerate(each)), made=place, of=of, spent=False)
    else:
        made = Container(kind, rest=join_all(each), is_exact=False, made=place, of=of, spent=False)
    return (call.machine.new(made, call.state, call.node, "all"),)


def _named(call: Call, listing: registry.Listing) -> Values:
    rows: list[Values] = []
    for number, (name, held) in enumerate(listing.named):
        key: Values = (Constant(name),) if name is not None else (Text(),)
        row = Container("tuple", {0: key, 1: held}, of=held)
        rows.append((call.machine.new(row, call.state, call.node, ("row", number)),))
    return listed(call, rows, exact=listing.is_exact)


def _parameters_of(call: Call) -> registry.Listing:
    assert isinstance(call.receiver, Address)
    recurse = (
        call.constant(1, "recurse", default=True)
        if "named" in call.name
        else call.constant(0, "recurse", default=True)
    )
    return registry.parameters(
        call.receiver, call.state, call.machine.addresses, recurse=recurse is not False
    )


@method(Thing, "parameters")
def _parameters(call: Call) -> Values:
    if not isinstance(call.object, Thing):
        return UNKNOWN
    listing = _parameters_of(call)
    return _noted(call, listed(call, [held for _, held in listing.named], exact=listing.is_exact))


@method(Thing, "named_parameters")
def _named_parameters(call: Call) -> Values:
    return _noted(call, _named(call, _parameters_of(call)))


def _noted(call: Call, made: Values) -> Values:
    """What lists Parameters, of which is noted whose."""
    assert isinstance(call.receiver, Address)
    call.machine.listed.update((v, call.receiver) for v in made if isinstance(v, Address))
    return made


@method(Thing, "modules", "children")
def _modules(call: Call) -> Values:
    listing = _modules_of(call)
    return listed(call, [held for _, held in listing.named], exact=listing.is_exact)


@method(Thing, "named_modules", "named_children")
def _named_modules(call: Call) -> Values:
    return _named(call, _modules_of(call))


def _modules_of(call: Call) -> registry.Listing:
    assert isinstance(call.receiver, Address)
    if call.name.endswith("children"):
        listing = registry.children(call.receiver, call.state)
    else:
        listing = registry.modules(call.receiver, call.state, call.machine.addresses)
    if not listing.is_exact:
        other = call.machine.addresses.of((call.receiver, OTHER_MODULES), many=True)
        if other not in call.state.heap:
            call.state.write(other, Thing(is_module=True))
        listing.named.append((None, (other,)))
    return listing


@method(Thing, "buffers", "named_buffers")
def _buffers(call: Call) -> Values:
    made = Tensor(trainable=False)
    held: Values = (call.machine.new(made, call.state, call.node),)
    if call.name == "buffers":
        made_list = Container("generator", rest=held, is_exact=False, spent=False)
        return (call.machine.new(made_list, call.state, call.node, "all"),)
    row = Container("tuple", {0: (Text(),), 1: held})
    rows: Values = (call.machine.new(row, call.state, call.node, "row"),)
    made_rows = Container("generator", rest=rows, is_exact=False, spent=False)
    return (call.machine.new(made_rows, call.state, call.node, "all"),)


@method(Thing, "state_dict")
def _state_dict(call: Call) -> Values:
    of: Values = (call.receiver,) if call.receiver is not None else ()
    live = Tensor(call.machine.place(call.node), via=".state_dict()", through_data=True)
    held: Values = (call.machine.new(live, call.state, call.node, "value"),)
    made = Container(
        "state_dict", rest=held, is_exact=False, made=call.machine.place(call.node), of=of
    )
    return (call.machine.new(made, call.state, call.node),)
