"""Functions and classes that wrap a Module."""

from __future__ import annotations

from flake8_paramassign.domain.objects import (
    MODULE,
    TAKER,
    Field,
    Optimizer,
    Thing,
)
from flake8_paramassign.domain.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Values,
    join,
)
from flake8_paramassign.project.classes import TorchClass
from flake8_paramassign.semantics import registry
from flake8_paramassign.semantics.models.base import Call, function


@function("torch.nn.parallel.DistributedDataParallel", "torch.nn.DataParallel",
          "torch.distributed.fsdp.FullyShardedDataParallel")  # fmt: skip
def _wrapper(call: Call) -> Values:
    inner = call.argument(0, "module")
    cls = TorchClass.named(call.name)
    thing = Thing(cls, True, {"module": Field(inner, MODULE)}, is_open=False, initialised=True)
    address = call.machine.new(thing, call.state, call.node)
    if not call.name.endswith(".DataParallel"):
        taken = NOTHING
        for value in inner:
            if isinstance(value, Address):
                listing = registry.parameters(value, call.state, call.machine.addresses)
                taken = join(taken, tuple(listing.modules))
                for _, held in listing.named:
                    taken = taken + tuple(v for v in held if v not in taken)
        keeper = Optimizer(call.name, call.machine.place(call.node), taken)
        kept = call.machine.new(keeper, call.state, call.node, "taker")
        obj = thing.with_field(TAKER, Field((kept,)))
        call.state.write(address, obj)
    return (address,)


@function("torch.compile", "torch.jit.optimize_for_inference")
def _compiled(call: Call) -> Values:
    return call.argument(0, "model") or UNKNOWN


@function("torch.jit.trace", "torch.jit.script", "torch.jit.freeze", "torch.fx.symbolic_trace")
def _scripted(call: Call) -> Values:
    """A module of another kind, which takes tensors for its slots."""
    return UNKNOWN
