"""``nn.Module``: its constructors, its registration, and what its methods give and change.

``load`` brings in all models; ``constructors`` and ``containers`` are also asked by the engine's
own parts. ``listing`` is below ``containers``, and these are below ``constructors``.
"""

from __future__ import annotations


def load() -> None:
    """Let all models of Modules be in the tables."""
    from flake8_paramassign.semantics.models.modules import (  # noqa: F401
        constructors,
        containers,
        listing,
        methods,
        parameter,
        registration,
        wrappers,
    )
