"""The fixes as a libcst codemod: ``command.FixParameterAssignments``.

``python -m libcst.tool codemod --no-format -x codemods.command.FixParameterAssignments PATH``.
Without ``-x`` it is ``command.FixParameterAssignments`` to libcst, where the file
``.libcst.codemod.yaml`` has ``modules: [codemods]``; without ``--no-format``, libcst runs its
formatter, which is ``black`` unless configured, over the files that were changed.

Files are fixed as ``paramassign-fix`` fixes them, on their bytes, and libcst writes just these:
its own tree lacks form feeds and a last lone CR.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libcst
from libcst.codemod import CodemodCommand, CodemodContext

from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import nearest
from flake8_paramassign.fixes.fixing import Fixer
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.patterns import absolute

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class _Verbatim(libcst.Module):
    """A module that is written as ``source``, not as its nodes are rendered, until it changes."""

    source: str | None = None

    @property
    def code(self) -> str:
        return super().code if self.source is None else self.source

    def with_changes(self, **changes: Any) -> Self:
        return super().with_changes(**{"source": None, **changes})


class FixParameterAssignments(CodemodCommand):
    """Mends wrong assignments to PyTorch parameters; what is left comes as warnings."""

    DESCRIPTION = "Mend wrong assignments to PyTorch parameters."

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Add our options to those of the tool."""
        arg_parser.add_argument(
            "--unsafe-fixes", action="store_true", help="make those too that need a person's look"
        )
        for name, about in (("select", "fix these rules only"), ("ignore", "not these rules")):
            arg_parser.add_argument(
                f"--{name}", metavar="CODES", type=lambda codes: codes.split(","), help=about
            )

    def __init__(
        self,
        context: CodemodContext,
        *,
        unsafe_fixes: bool = False,
        select: Sequence[str] | None = None,
        ignore: Sequence[str] | None = None,
    ) -> None:
        """Take the options that ``add_args`` adds; rules are by code or its beginning."""
        super().__init__(context)
        self._unsafe_fixes = unsafe_fixes
        given = {"select": select, "ignore": ignore}
        self._options = {name: list(codes) for name, codes in given.items() if codes is not None}

    def transform_module(self, tree: libcst.Module) -> libcst.Module:
        """Return the fixed ``tree``; raises ConfigurationError.

        The inherited way would first copy the tree, recursively: too deep for a long sum.
        """
        return self.transform_module_impl(tree)

    def transform_module_impl(self, tree: libcst.Module) -> libcst.Module:
        """Return the fixed ``tree``."""
        filename = self.context.filename or "stdin"
        source = self._source(tree)
        fixed, outcome = self._fixer(filename).fix(source, filename)
        for problem in outcome.problems:
            self.warn(problem)
        for finding, reason in outcome.left:
            self.warn(f"{finding.where}: {finding.diagnostic.code} left: {reason}")
        if outcome.changed and _lacks_formatter():
            self.warn(
                "libcst formats what is changed with black, which is not installed: "
                "pass --no-format, or name another formatter in .libcst.codemod.yaml"
            )
        if outcome.changed:
            tree = libcst.parse_module(fixed)
        nodes = {field.name: getattr(tree, field.name) for field in fields(libcst.Module)}
        return _Verbatim(**nodes, source=fixed.decode(tree.encoding))

    def _fixer(self, filename: str) -> Fixer:
        _, configuration = nearest(absolute(filename).parent)
        configuration = configuration.overridden(self._options, Path.cwd())
        return Fixer(Checker(configuration, rewrite), unsafe_fixes=self._unsafe_fixes)

    def _source(self, tree: libcst.Module) -> bytes:
        """Return the bytes of the file if it is this that was parsed to ``tree``."""
        if not self.context.filename:
            return tree.bytes
        content = Path(self.context.filename).read_bytes()
        try:
            rendered = tree.bytes
            return content if libcst.parse_module(content).bytes == rendered else rendered
        except RecursionError:  # Too deep to render, and to have been changed by a visitor.
            return content


def _lacks_formatter() -> bool:
    """Return whether the tool will format, as it does by default, and cannot."""
    formats = "codemod" in sys.argv and "--no-format" not in sys.argv
    return formats and shutil.which("black") is None
