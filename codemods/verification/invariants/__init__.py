"""What has to hold of a program; importing the package fills ``INVARIANTS``."""

# ``distributed`` comes first: it forks, which a process that has run autograd must not.
from codemods.verification.invariants import distributed  # isort: skip
from codemods.verification.invariants import (
    accelerated,
    compiled,
    copying,
    registration,
    training,
    values,
    writing,
)
from codemods.verification.invariants.registry import INVARIANTS, Invariant

__all__ = [
    "INVARIANTS",
    "Invariant",
    "accelerated",
    "compiled",
    "copying",
    "distributed",
    "registration",
    "training",
    "values",
    "writing",
]
