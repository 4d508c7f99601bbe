"""What computes a Parameter anew before each use: weight norm, pruning, parametrizations."""

from __future__ import annotations

from dataclasses import replace

from flake8_paramassign.domain.objects import (
    ANY,
    PARAMETER,
    PLAIN,
    Field,
    Recomputed,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.values import UNKNOWN, Address, Values
from flake8_paramassign.project.classes import TorchClass
from flake8_paramassign.semantics.models.base import Call, function

_NORMS = (
    "torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm",
    "torch.nn.utils.weight_norm.weight_norm", "torch.nn.utils.spectral_norm.spectral_norm",
    "torch.nn.utils.parametrizations.weight_norm", "torch.nn.utils.parametrizations.spectral_norm",
    "torch.nn.utils.parametrizations.orthogonal",
    "torch.nn.utils.parametrize.register_parametrization",
)  # fmt: skip
_PRUNING = tuple(
    f"torch.nn.utils.prune.{name}"
    for name in (
        "l1_unstructured",
        "random_unstructured",
        "ln_structured",
        "random_structured",
        "custom_from_mask",
        "identity",
    )
)
_HOLDER = "torch.nn.utils.parametrize.ParametrizationList"
_REMOVERS = (
    "torch.nn.utils.remove_weight_norm", "torch.nn.utils.remove_spectral_norm",
    "torch.nn.utils.weight_norm.remove_weight_norm",
    "torch.nn.utils.spectral_norm.remove_spectral_norm",
    "torch.nn.utils.prune.remove", "torch.nn.utils.parametrize.remove_parametrizations",
)  # fmt: skip
NAMES = (*_NORMS, *_PRUNING)
"""The functions that let a hook, or a parametrization, compute it."""


@function(*NAMES)
def _recomputed(call: Call) -> Values:
    modules = call.argument(0, "module")
    default = NotImplemented if "prune" in call.name or "register" in call.name else "weight"
    name = call.constant(1, "name", "tensor_name", default=default)
    for value in modules:
        obj = call.state.read(value) if isinstance(value, Address) else None
        if not isinstance(obj, Thing) or not isinstance(value, Address):
            continue
        if not isinstance(name, str):
            call.state.havoc([value])
            continue
        call.machine.unregistered.add(name)
        by = Recomputed(call.name, call.machine.place(call.node))
        is_parametrized = "parametriz" in call.name
        made = Tensor(
            call.machine.place(call.node), trainable=None, is_leaf=False, recomputed=by,
            explicit=True,
        )  # fmt: skip
        part = call.machine.addresses.of((value, name, call.node), many=value.many, symbolic=False)
        call.state.write(part, made)
        before = obj.member(name)
        changed = obj.with_field(name, Field((part,), PLAIN))
        # What it is computed from is registered under another name.
        kept = {"weight_norm": "_v", "spectral_norm": "_orig"}.get(
            call.name.rpartition(".")[2], "_orig"
        )
        if before.slot & PARAMETER and not is_parametrized:
            changed = changed.with_field(f"{name}{kept}", Field(before.values, PARAMETER))
        if is_parametrized:
            original = Thing(
                TorchClass.named(_HOLDER),
                True,
                {"original": Field(before.values, ANY)},
                is_open=True,
                initialised=True,
            )
            holder = call.machine.new(original, call.state, call.node, "parametrizations")
            changed = changed.with_field("parametrizations", Field((holder,), 4))
        if len(modules) == 1 and value.site is call.syntax(0, "module"):
            call.state.replace(value, changed)  # all that are made there come here at once
        else:
            call.state.write(value, changed, strong=len(modules) == 1)
    return modules or UNKNOWN


@function(*_REMOVERS)
def _removed(call: Call) -> Values:
    modules = call.argument(0, "module")
    call.state.havoc(modules)
    return modules or UNKNOWN


@function("torch.nn.utils.prune.global_unstructured")
def _globally(call: Call) -> Values:
    return call.unknown()


@function(
    "torch.nn.utils.fusion.fuse_conv_bn_weights",
    "torch.nn.utils.fuse_conv_bn_weights",
    "torch.nn.utils.fuse_linear_bn_weights",
    "torch.nn.utils.fusion.fuse_linear_bn_weights",
)
def _fused(call: Call) -> Values:
    """They return a pair of Parameters (torch/nn/utils/fusion.py)."""
    from flake8_paramassign.domain.objects import Container

    pair = {}
    for index in range(2):
        made = Tensor(
            call.machine.place(call.node), is_parameter=True, trainable=None, explicit=True
        )
        pair[index] = (call.machine.new(made, call.state, call.node, index),)
    whole = Container("tuple", pair)  # type: ignore[arg-type]
    return (call.machine.new(whole, call.state, call.node, "pair"),)


@function("torch.nn.utils.vector_to_parameters")
def _vector(call: Call) -> Values:
    _, some = call.machine.iterate(call.argument(1, "parameters"), call.state, call.node, call.name)
    for value in some:
        obj = call.state.read(value) if isinstance(value, Address) else None
        if isinstance(obj, Tensor) and isinstance(value, Address):
            call.state.write(value, replace(obj, dtype=None, base=None), strong=False)
    return UNKNOWN
