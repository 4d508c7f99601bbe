"""When two tensors are equal: to the last bit, or to what their dtype can hold."""

from __future__ import annotations

import torch

PRECISION = {
    torch.float64: 1e-9,
    torch.complex128: 1e-9,
    torch.float32: 1e-5,
    torch.complex64: 1e-5,
    torch.float16: 1e-2,
    torch.bfloat16: 3e-2,
}
"""How far a computed entry may be off, relative to the tensor's largest."""
SMALLEST = 1e-3
"""Below this a largest entry is taken for this: what rounding leaves of zero is no value."""


def same_form(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether shape, dtype and layout are the same: what differs in these is not equal."""
    return (one.shape, one.dtype, one.layout) == (other.shape, other.dtype, other.layout)


def equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether two tensors are the same bit for bit; NaN equals NaN, nothing is cast."""
    return same_form(one, other) and not bool(_unlike(*_at_hand(one, other)).any())


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the largest difference, relative to the largest entry; infinite for other forms.

    Nothing is cast. Integers and booleans are equal or not.
    """
    if not same_form(found, expected):
        return float("inf")
    found, expected = _at_hand(found, expected)
    unlike = _unlike(found, expected)
    if not bool(unlike.any()):
        return 0.0
    if not _is_continuous(found):
        return float("inf")
    differences = (found[unlike] - expected[unlike]).abs().to(torch.float64)
    finite = expected[expected.isfinite()].abs().to(torch.float64)
    largest = max(float(finite.max()) if finite.numel() else 0.0, SMALLEST)
    worst = float(differences.max()) / largest
    return worst if worst == worst else float("inf")


def close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two tensors differ by no more than their dtype's ``PRECISION``."""
    return error(found, expected) <= PRECISION.get(found.dtype, 0.0)


def worst_entry(one: torch.Tensor, other: torch.Tensor) -> tuple[int, ...]:
    """Return where two tensors of one form differ most; they have to differ."""
    one, other = _at_hand(one, other)
    unlike = _unlike(one, other)
    if _is_continuous(one):
        differences = (one - other).abs().to(torch.float64).nan_to_num(float("inf"))
        flat = int(torch.where(unlike, differences, -1.0).argmax())
    else:
        flat = int(unlike.flatten().to(torch.uint8).argmax())
    position: list[int] = []
    for size in reversed(one.shape):
        flat, rest = divmod(flat, size)
        position.insert(0, rest)
    return tuple(position)


def _at_hand(*tensors: torch.Tensor) -> list[torch.Tensor]:
    dense = (tensor.detach().to_dense() if tensor.is_sparse else tensor for tensor in tensors)
    return [tensor.detach().cpu() for tensor in dense]


def _is_continuous(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _unlike(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    if not _is_continuous(one):
        return one != other
    return (one != other) & ~(one.isnan() & other.isnan())
