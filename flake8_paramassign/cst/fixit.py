"""A rule of Fixit 2: ``enable = ["flake8_paramassign.cst.fixit"]`` under ``[tool.fixit]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import libcst as cst
from fixit import Invalid, LintRule, Valid
from libcst.metadata import CodePosition, CodeRange, ParentNodeProvider, PositionProvider

from flake8_paramassign.cst.provider import ParameterAssignmentProvider
from flake8_paramassign.diagnostics import Applicability, Diagnostic, Position
from flake8_paramassign.fixes.edits import Damage, Text, checked


class _Step(NamedTuple):
    """A field of a node, and which item where it holds several.

    No mere alias: Fixit takes all that looks like a class for a rule, and fails.
    """

    name: str
    item: int | None


class WrongParameterAssignment(LintRule):
    """Wrong assignments to PyTorch parameters; those fixes are made that change nothing else."""

    METADATA_DEPENDENCIES = (ParameterAssignmentProvider, ParentNodeProvider, PositionProvider)

    VALID = [  # noqa: RUF012 - as Fixit declares it
        Valid(
            """
            import torch
            from torch import nn

            layer = nn.Linear(4, 4)
            layer.weight = nn.Parameter(torch.zeros(4, 4))
            """
        ),
        Valid(
            """
            from torch import nn

            class Tied(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.inner = nn.Linear(4, 4)
                    self.outer = nn.Linear(4, 4)
                    self.outer.weight = self.inner.weight
            """
        ),
        Valid("weight = object()"),
    ]
    INVALID = [  # noqa: RUF012 - as Fixit declares it
        Invalid(
            """
            import torch
            from torch import nn

            layer = nn.Linear(4, 4)
            layer.weight = torch.zeros(4, 4)  # a tensor
            """,
            range=CodeRange(CodePosition(5, 0), CodePosition(5, 12)),
            expected_replacement="""
            import torch
            from torch import nn

            layer = nn.Linear(4, 4)
            layer.weight.data.copy_(torch.zeros(4, 4))  # a tensor
            """,
        ),
        Invalid(
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
            """
        ),
    ]

    def visit_Module(self, node: cst.Module) -> None:
        """Report all that was found in the file."""
        for place, found in self.metadata[ParameterAssignmentProvider].items():
            assert isinstance(found, tuple)
            for diagnostic in found:
                self._report(node, place, diagnostic)

    def _report(self, module: cst.Module, node: cst.CSTNode, diagnostic: Diagnostic) -> None:
        statement = self._statement(node)
        if self.ignore_lint(statement):
            return
        old, new = self._replacement(module, statement, diagnostic)
        self.report(
            old,
            f"{diagnostic.code} {diagnostic.message}",
            position=CodeRange(_place(diagnostic.start), _place(diagnostic.end)),
            replacement=new,
        )

    def _statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return the statement that ``node`` is in, or the module."""
        while not isinstance(
            node, cst.SimpleStatementLine | cst.BaseCompoundStatement | cst.Module
        ):
            node = self.get_metadata(ParentNodeProvider, node)
        return node

    def _replacement(
        self, module: cst.Module, statement: cst.CSTNode, diagnostic: Diagnostic
    ) -> tuple[cst.CSTNode, cst.CSTNode | None]:
        """Return what to replace with what: the statement, or else the module; None is nothing."""
        fix = diagnostic.fix
        if fix is None or fix.applicability is not Applicability.SAFE:
            return statement, None
        before = Text(module.code)
        try:
            after = checked(before, before.apply(fix.edits)).text
            fixed = cst.parse_module(after, config=module.config_for_parsing)
        except (Damage, ValueError, cst.ParserSyntaxError):
            return statement, None
        new = _followed(fixed, self._path(statement))
        if new is not None:
            result = module.deep_replace(statement, new)
            if isinstance(result, cst.Module) and result.code == after:
                return statement, new
        return module, fixed

    def _path(self, node: cst.CSTNode) -> list[_Step]:
        """Return the way from the module to ``node``."""
        path: list[_Step] = []
        while not isinstance(node, cst.Module):
            parent = self.get_metadata(ParentNodeProvider, node)
            path.append(_step(parent, node))
            node = parent
        return path[::-1]


def _step(parent: cst.CSTNode, child: cst.CSTNode) -> _Step:
    for name in parent.__dataclass_fields__:
        value = getattr(parent, name)
        if value is child:
            return _Step(name, None)
        if isinstance(value, Sequence) and not isinstance(value, str):
            for index, item in enumerate(value):
                if item is child:
                    return _Step(name, index)
    raise ValueError("no child of this node")


def _followed(node: cst.CSTNode, path: list[_Step]) -> cst.CSTNode | None:
    """Return the node at the end of ``path``; None where there is no such way."""
    for name, index in path:
        value = getattr(node, name, None)
        if index is not None:
            value = value[index] if isinstance(value, Sequence) and index < len(value) else None
        if not isinstance(value, cst.CSTNode):
            return None
        node = value
    return node


def _place(position: Position) -> CodePosition:
    return CodePosition(position.line, position.column)
