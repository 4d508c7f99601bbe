"""What libraries do, by qualified name: one entry for a function, one for a method.

``base`` has the two tables. A module here fills them for one topic; ``load`` brings all of them in.
What has no entry is asked of the catalogue (torch) or of ``harmless``; what is there neither, is
unknown code.
"""

from __future__ import annotations


def load() -> None:
    """Let all models be in the tables."""
    from flake8_paramassign.semantics.models import (  # noqa: F401
        builtins,
        containers,
        copies,
        grad_modes,
        iteration,
        modules,
        optimizers,
        recompute,
        reflection,
        text,
    )

    modules.load()
