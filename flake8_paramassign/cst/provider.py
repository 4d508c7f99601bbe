"""The metadata provider, and the visitor over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import BaseMetadataProvider, CodeRange, MetadataWrapper, PositionProvider

from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration, nearest
from flake8_paramassign.diagnostics import Diagnostic, Position

_Range = tuple[Position, Position]


class ParameterAssignmentProvider(BaseMetadataProvider[tuple[Diagnostic, ...]]):
    """Gives the nodes on which something was found their diagnostics, each with its fix.

    Other nodes have no metadata: ask with a default,
    ``self.get_metadata(ParameterAssignmentProvider, node, ())``. Positions are those of
    ``PositionProvider``, except that columns are ``column`` and lines ``line`` of a ``Position``.
    A diagnostic that is on no node in particular, such as PRM001, is on the smallest around it.

    Under a ``FullRepoManager``, or with ``MetadataWrapper(module, cache={provider: path})``, the
    file is known: then its imports are followed, and the nearest configuration counts.
    """

    def __init__(self, cache: object = None) -> None:
        """Take the path of the file, if it is known."""
        super().__init__(cache or "")
        self._path = Path(str(cache)) if cache else None

    @classmethod
    def gen_cache(  # type: ignore[override,unused-ignore]
        cls, root_path: Path, paths: list[str], **options: Any
    ) -> Mapping[str, object]:
        """Return the path of each file, by the name it has in the repository."""
        return {path: (Path(root_path) / path).resolve() for path in paths}

    def _gen_impl(self, module: cst.Module) -> None:
        """Analyse ``module``; raises ConfigurationError where the file's configuration is wrong."""
        diagnostics = self._diagnostics(module)
        if not diagnostics:
            return
        found: defaultdict[cst.CSTNode, list[Diagnostic]] = defaultdict(list)
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        places = _Places(module, wrapper.resolve(PositionProvider))
        for diagnostic in diagnostics:
            found[places.node_at((diagnostic.start, diagnostic.end))].append(diagnostic)
        for node, on_node in found.items():
            self.set_metadata(node, tuple(on_node))

    def _diagnostics(self, module: cst.Module) -> list[Diagnostic]:
        from flake8_paramassign.fixes.rewrites import rewrite

        configuration = Configuration()
        if self._path:
            _, configuration = nearest(self._path.parent)
        # The text as libcst writes it, in which its positions are.
        findings = Checker(configuration, rewrite).check(module.bytes, str(self._path or "stdin"))
        return [finding.diagnostic for finding in findings]


class ParameterAssignmentVisitor(cst.CSTVisitor):
    """Collects what is found, in ``found``: each node with a diagnostic that stands on it.

    Override ``report`` to do something else.
    """

    METADATA_DEPENDENCIES = (ParameterAssignmentProvider,)

    def __init__(self) -> None:
        """Begin with nothing found."""
        super().__init__()
        self.found: list[tuple[cst.CSTNode, Diagnostic]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Report what stands on ``node``, then visit it."""
        for diagnostic in self.get_metadata(ParameterAssignmentProvider, node, ()):
            self.report(node, diagnostic)
        return super().on_visit(node)

    def report(self, node: cst.CSTNode, diagnostic: Diagnostic) -> None:
        """Take note of ``diagnostic``, which stands on ``node``."""
        self.found.append((node, diagnostic))


class _Places:
    """The nodes of a module by where they are."""

    def __init__(self, module: cst.Module, ranges: Mapping[cst.CSTNode, CodeRange]) -> None:
        self._module = module
        # Of several nodes at one place, the innermost, which comes last.
        self._nodes = {_range(of_node): node for node, of_node in _in_order(module, ranges)}

    def node_at(self, place: _Range) -> cst.CSTNode:
        """Return the node at ``place``, or else the smallest around it."""
        if place in self._nodes:
            return self._nodes[place]
        start, end = place
        around = [found for found in self._nodes if found[0] <= start and end <= found[1]]
        # Those around one place are within each other: the last to begin, the first to end.
        smallest = min(around, key=lambda found: (_negated(found[0]), found[1]), default=None)
        return self._module if smallest is None else self._nodes[smallest]


def _in_order(
    module: cst.Module, ranges: Mapping[cst.CSTNode, CodeRange]
) -> Iterable[tuple[cst.CSTNode, CodeRange]]:
    """Yield each node before those in it; a trivial one, such as a comma, is left out."""
    stack: list[cst.CSTNode] = [module]
    while stack:
        node = stack.pop()
        if node in ranges and isinstance(node, _WORTH):
            yield node, ranges[node]
        stack += reversed(node.children)


_WORTH = (
    cst.BaseExpression,
    cst.BaseSmallStatement,
    cst.BaseCompoundStatement,
    cst.SimpleStatementLine,
    cst.Module,
)


def _range(code_range: CodeRange) -> _Range:
    start, end = code_range.start, code_range.end
    return Position(start.line, start.column), Position(end.line, end.column)


def _negated(position: Position) -> tuple[int, int]:
    return -position.line, -position.column
