"""An accelerator that every machine has: tensors on the device ``simulated`` hold a CPU tensor.

It is a backend in Python (PyTorch's PrivateUse1), and behaves as a GPU does where it matters for
Parameters: what is moved there is another tensor, operands on two devices are refused, and a
module that is moved keeps the Parameters it has. ``.cuda()`` means this device. CUDA remains the
last word for what is CUDA's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import nn
from torch._decomp import decompositions
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves, tree_map

from codemods.verification.reasons import NeedsDevice

NAME = "simulated"
BETWEEN_DEVICES = (
    "_to_copy",
    "copy_",
    "_copy_from",
    "_local_scalar_dense",
    "set_",
    "_has_compatible_shallow_copy_type",
)
"""Operators that may see two devices at once."""
CAST = ("linear", "matmul", "mm", "addmm", "bmm", "conv1d", "conv2d")
"""Operators that autocast does in half the precision."""


class SimulatedTensor(torch.Tensor):
    """A tensor on the simulated device."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Any:
        """Return a tensor that holds ``held``, which lies on the CPU."""
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=torch.device(NAME, 0),
        )
        made.held = held
        return made

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        """Return what the tensor holds, and where."""
        return f"{self.held!r} on {NAME}"

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        """Return one that holds a copy, of the same kind."""
        if id(self) not in memo:
            memo[id(self)] = _restored(*self._parts(self.held.detach().clone()))
        made: torch.Tensor = memo[id(self)]
        return made

    def _parts(self, held: torch.Tensor) -> tuple[torch.Tensor, bool, bool]:
        return held, self.requires_grad, isinstance(self, torch.nn.Parameter)

    def __reduce_ex__(self, _: Any) -> Any:
        """Let pickle keep it where it is."""
        return _restored, self._parts(self.held.detach())

    def tolist(self) -> Any:
        """Return the values."""
        return self.held.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """Refuse, as tensors on a GPU do, unless ``force`` is given."""
        if not force:
            raise TypeError(
                f"can't convert {NAME}:0 device type tensor to numpy. Use Tensor.cpu() to copy "
                "the tensor to host memory first."
            )
        return self.held.detach().numpy()

    @property
    def is_cuda(self) -> bool:  # type: ignore[override]
        """Whether it lies on a GPU: what asks this moves what it has to where the tensor is."""
        return True

    def data_ptr(self) -> int:
        """Return where its values lie."""
        return self.held.data_ptr()

    def untyped_storage(self) -> torch.UntypedStorage:
        """Return what its values lie in."""
        return self.held.untyped_storage()

    @property
    def data(self) -> torch.Tensor:
        """The same values, unknown to autograd."""
        return torch.Tensor.data.__get__(self)  # type: ignore[attr-defined, no-any-return]

    @data.setter
    def data(self, other: torch.Tensor) -> None:
        if isinstance(other, SimulatedTensor):
            torch.Tensor.data.__set__(self, other)  # type: ignore[attr-defined]
            self.held = other.held
        else:
            made = other.detach().clone()
            if isinstance(self, torch.nn.Parameter):
                made = torch.nn.Parameter(made, self.requires_grad)
            _swap(self, made)

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Let the CPU do what is asked, with what the tensors hold."""
        kwargs = dict(kwargs or {})
        name = func.overloadpacket.__name__
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if name not in BETWEEN_DEVICES and any(not _is_here(t) and t.dim() for t in tensors):
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, "
                f"{NAME}:0 and cpu! (when checking arguments in method {name})"
            )
        asked = kwargs.get("device")
        stays = asked is None or torch.device(asked).type == NAME
        if asked is not None and stays:
            kwargs["device"] = torch.device("cpu")
        if name in ("copy_", "_copy_from"):
            stays = _is_here(args[name != "copy_"])
        given = {id(_held(tensor)): tensor for tensor in tensors}
        result = func(*tree_map(_held, args), **tree_map(_held, kwargs))
        for tensor in tensors if func._schema.is_mutable else ():
            if isinstance(tensor, SimulatedTensor) and tensor.size() != tensor.held.size():
                tensor.data = SimulatedTensor(tensor.held)  # it was resized
        # What works in place gives the very tensor that it was given.
        return tree_map(lambda r: given.get(id(r), _outer(r)), result) if stays else result


def _restored(held: torch.Tensor, requires_grad: bool, is_parameter: bool) -> torch.Tensor:
    made: torch.Tensor = SimulatedTensor(held)
    return (
        torch.nn.Parameter(made, requires_grad)
        if is_parameter
        else made.requires_grad_(requires_grad)
    )


_swap_impl: Any = torch.utils.swap_tensors


def _swap(one: torch.Tensor, other: torch.Tensor) -> None:
    """Let ``one`` be what ``other`` is, on another device, and keep its hooks.

    Raises RuntimeError where a graph holds it.
    """
    if isinstance(one, SimulatedTensor) and isinstance(other, SimulatedTensor):
        one.data = other
        return
    if is_lazy(one):
        raise Unable("the simulated device knows no Parameter without a shape")
    hooks, after = one._backward_hooks, one._post_accumulate_grad_hooks
    one._backward_hooks = one._post_accumulate_grad_hooks = None  # type: ignore[assignment]
    _swap_impl(one, other)
    one._backward_hooks, one._post_accumulate_grad_hooks = hooks, after


class Unable(RuntimeError):
    """The device cannot do what a GPU can; the text says what."""


def cannot(error: BaseException) -> str:
    """Return what the device cannot do of what a GPU can, if an error comes from that."""
    if isinstance(error.__cause__, Unable):
        return str(error.__cause__)
    if "swap" in str(error) or "use_count" in str(error):
        return "the simulated device moves no Parameter that a graph holds"
    if SimulatedTensor.__name__ in str(error):
        return "the simulated device knows no subclass of Parameter"
    return ""


def _is_here(tensor: torch.Tensor) -> bool:
    return isinstance(tensor, SimulatedTensor)


def _held(value: Any) -> Any:
    return value.held if isinstance(value, SimulatedTensor) else value


def _outer(value: Any) -> Any:
    return SimulatedTensor(value) if type(value) is torch.Tensor else value


def _cast(operator: Any) -> Any:
    """Return the operator as it is under autocast."""
    keys: Any = torch._C.DispatchKey
    here = torch._C.DispatchKeySet(keys.AutocastPrivateUse1)

    def narrow(value: Any) -> Any:
        if _is_here(value) and value.dtype is torch.float32:
            return value.to(torch.get_autocast_dtype(NAME))
        return value

    def cast(*arguments: Any) -> Any:
        with torch._C._ExcludeDispatchKeyGuard(here):
            return operator(*tree_map(narrow, arguments))

    return cast


@contextmanager
def available() -> Iterator[None]:
    """Let there be the device, meanwhile; raises NeedsDevice where torch is too old."""
    libraries()
    convert: Any = nn.Module._apply
    swap = torch.utils.swap_tensors

    def _apply(module: nn.Module, fn: Any, recurse: bool = True) -> Any:
        # A module that is moved keeps its Parameters, as on a GPU.
        before = torch.__future__.get_swap_module_params_on_conversion()
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            return convert(module, fn, recurse)
        finally:
            torch.__future__.set_swap_module_params_on_conversion(before)

    nn.Module._apply = _apply  # type: ignore[method-assign]
    torch.utils.swap_tensors = _swap
    try:
        # A thread for the device would run Python while a process ends.
        with torch.autograd.set_multithreading_enabled(False):
            yield
    finally:
        nn.Module._apply, torch.utils.swap_tensors = convert, swap  # type: ignore[method-assign]


@cache
def libraries() -> tuple[torch.library.Library, ...]:
    """Make the device known to torch, once; raises NeedsDevice where torch is too old."""
    try:
        from torch.utils.backend_registration import _setup_privateuseone_for_python_backend
    except ImportError as error:
        raise NeedsDevice("a simulated device needs torch 2.9") from error
    _setup_privateuseone_for_python_backend(NAME)
    torch.Tensor.cuda = lambda self, *_, **__: self.to(NAME)  # type: ignore[method-assign]

    def empty(size: Any, dtype: Any = None, *_: Any, **__: Any) -> Any:
        return SimulatedTensor(torch.empty(size, dtype=dtype))

    def empty_strided(size: Any, stride: Any, dtype: Any = None, *_: Any, **__: Any) -> Any:
        return SimulatedTensor(torch.empty_strided(size, stride, dtype=dtype))

    def copy_from(source: Any, into: Any, non_blocking: bool = False) -> Any:
        _held(into).copy_(_held(source))
        return into

    # Autocast is about what multiplies matrices; what a GPU fuses is done in steps here.
    getattr(torch, NAME).get_amp_supported_dtype = lambda: [torch.float16, torch.bfloat16]
    library: Any = torch.library.Library
    made = library("aten", "IMPL")
    everything = library("_", "IMPL")
    everything.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    for name in CAST:
        made.impl(name, _cast(getattr(torch.ops.aten, name)), "AutocastPrivateUse1")
    made.impl("lstm.input", decompositions.lstm_impl, "AutogradPrivateUse1")
    made.impl("empty.memory_format", empty, "PrivateUse1")
    made.impl("empty_strided", empty_strided, "PrivateUse1")
    made.impl("_copy_from", copy_from, "PrivateUse1")
    return made, everything
