"""What has to hold of a program; importing the package fills ``INVARIANTS``."""

# isort: skip_file
# In the order in which they are checked. ``distributed`` comes first: it forks, which a process
# that has run autograd must not.
from codemods.verification.invariants import (
    distributed,
    registration,
    values,
    training,
    soundness,
    writing,
    copying,
    compiled,
    accelerated,
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
    "soundness",
    "training",
    "values",
    "writing",
]
