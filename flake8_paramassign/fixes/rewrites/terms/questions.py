"""What is asked of a program before a rewrite is made, and what the answers mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flake8_paramassign.fixes.rewrites.reasons import NoRewrite

T = TypeVar("T", contravariant=True)
"""What is asked about: who asks it of any attribute, asks it of one that is moved."""

BROADCASTS = "copy_() broadcasts and casts silently, and raises where the shape does not fit"
AFTERWARDS = "make it before the optimizer is built, or the Module wrapped"
BETWEEN_PASSES = "it would be written between a forward pass and its backward pass"
NO_OTHER_EFFECTS = "that what is evaluated has no other effects"
SHARES_MEMORY = "elements of the value share memory, which no optimizer can write: clone() it"
NEEDS_STRICT = "then is registered, a key of state_dict(): older checkpoints need strict=False"
DONE_WITH_ALL = "who freezes or writes all Parameters does it with {}, too (RuntimeError)"
KEYS = "a key that is no string, has a dot or names one of its attributes raises an exception"
ALL_NEED_STRICT = "then are registered, keys of state_dict(): older checkpoints need strict=False"


@dataclass(frozen=True)
class Question(Generic[T]):
    """What is asked of a program before it is rewritten."""

    says: str
    """Of a refusal, the reason that a user is told; of a proof, what is proved."""
    holds: Callable[[T], bool | str]
    """The answer; a text is a yes with the details."""


@dataclass(frozen=True)
class Terms(Generic[T]):
    """When one rewrite is made, and when it is safe."""

    code: str
    rewrite: str
    """What becomes what."""
    refused: tuple[Question[T], ...] = ()
    proved: tuple[Question[T], ...] = ()
    unsafe: str = ""
    """What may change, which a person has to look at; where it is never safe."""

    def check(self, subjects: Sequence[T]) -> None:
        """Raise NoRewrite where one of ``subjects``, which the rewrite would change, forbids it."""
        for question in self.refused:
            for found in filter(None, map(question.holds, subjects)):
                details = f": {found}" if isinstance(found, str) else ""
                raise NoRewrite(f"{question.says}{details}")

    def unproved(self, subjects: Sequence[T]) -> list[str]:
        """What is not proved of all ``subjects``; nothing where the rewrite is safe."""
        return [q.says for q in self.proved if not all(map(q.holds, subjects))]
