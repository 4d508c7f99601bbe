"""For those who work with libcst: what is found, on the nodes that it stands on.

``ParameterAssignmentProvider`` is a metadata provider, ``ParameterAssignmentVisitor`` collects
what it gives, and ``flake8_paramassign.cst.fixit`` is a rule of Fixit 2 over it. All are the one
analysis that flake8 and the command lines have; its edits are for the text, and
``codemods.command`` makes them.
"""

from __future__ import annotations

from flake8_paramassign.cst.provider import (
    ParameterAssignmentProvider,
    ParameterAssignmentVisitor,
)

__all__ = ["ParameterAssignmentProvider", "ParameterAssignmentVisitor"]
