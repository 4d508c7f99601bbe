"""The flake8 plugin.

flake8 imports every plugin on every run and dies of an exception in any of them: importing
this module costs nothing, and nothing that goes wrong here gets out.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    import ast
    from collections.abc import Iterator
    from typing import Any, ClassVar

    from flake8.options.manager import OptionManager

    from flake8_paramassign.diagnostics import Diagnostic


class Plugin:
    """One file under flake8."""

    options: ClassVar[argparse.Namespace]

    def __init__(self, tree: ast.Module, lines: list[str], filename: str) -> None:
        """Take what flake8 knows about a file; ``lines`` end in LF, whatever the file has."""
        self.tree = tree
        self.lines = lines
        self.filename = filename

    @classmethod
    def add_options(cls, manager: OptionManager) -> None:
        """Add our options to flake8's."""
        manager.add_option(
            "--paramassign-module-bases",
            metavar="NAMES",
            default="",
            parse_from_config=True,
            comma_separated_list=True,
            help="Dotted names of further classes that are torch.nn.Module, separated by commas",
        )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Keep the options; flake8 may call this again in each of its processes."""
        cls.options = options

    def run(self) -> Iterator[tuple[int, int, str, type[Any]]]:
        """Yield ``(line, column, "PRMnnn message", type)``, sorted, nothing twice."""
        from flake8_paramassign.failures import guarded

        found = {
            (finding.start.line, finding.start.column, f"{finding.code} {finding.message}")
            for finding in guarded(self._analyse)
        }
        for line, column, text in sorted(found):
            yield line, column, text, type(self)

    def _analyse(self) -> list[Diagnostic]:
        codes = _codes(self.options)
        if codes == frozenset():
            return []
        from flake8_paramassign.analysis import analyze
        from flake8_paramassign.settings import Settings

        settings = Settings(codes, tuple(self.options.paramassign_module_bases))
        return analyze("".join(self.lines), self.filename, tree=self.tree, settings=settings)


def _codes(options: argparse.Namespace) -> frozenset[str] | None:
    """Return the codes to look for; None is every rule that is on by default.

    What is reported is decided by flake8. But it would report the opt-in rules to everybody
    whose configuration sets ``ignore``, so that those are looked for only when chosen.
    """
    chosen = [*(options.select or ()), *(options.extend_select or ())]
    ignored = [*(options.ignore or ()), *(options.extend_ignore or ())]
    if not any("PRM".startswith(prefix[:3]) for prefix in chosen + ignored):
        # Most configurations: the rules need not be imported to know which of them are on.
        return None if options.select is None else frozenset()
    from flake8_paramassign.selection import selected_codes

    return selected_codes(options.select, options.extend_select or (), ignored)
