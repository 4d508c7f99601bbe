"""The IPython extension: ``%load_ext flake8_paramassign``.

Each cell is analysed before it runs, as the next part of the program that the cells run so far
are. What is found is shown above the cell's own output; nothing is kept from running.
``%paramassign`` shows what is found in all of them; ``%paramassign off`` and ``on`` switch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import ConfigurationError, nearest
from flake8_paramassign.findings import Finding
from flake8_paramassign.notebooks import Notebook
from flake8_paramassign.output import colour, full
from flake8_paramassign.rules.prm001_not_analysed import NotAnalysed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

_MOST_LINES = 5_000
"""How much of what was run last is looked at: a session may last for days."""
_FRAME = "border-left: 3px solid #c62828; padding-left: 0.8em; margin: 0.4em 0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Watch the cells of ``shell``; IPython calls this once."""
    watcher = Watcher(shell)
    shell.user_ns_hidden[__name__] = watcher
    shell.events.register("pre_run_cell", watcher.before)
    shell.magics_manager.register_function(watcher.command, "line", "paramassign")


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Undo ``load_ipython_extension``."""
    watcher = shell.user_ns_hidden.pop(__name__)
    shell.events.unregister("pre_run_cell", watcher.before)
    del shell.magics_manager.magics["line"]["paramassign"]


class Watcher:
    """What is known of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        """Look at the cells of ``shell``, which keeps those that it ran."""
        self._shell = shell
        self._is_on = True

    def before(self, info: ExecutionInfo) -> None:
        """Show what is found in a cell that is about to run."""
        if self._is_on and info.store_history:
            cells = self._ran()
            number = len(cells) + 1  # Versions of IPython count it before or after this.
            cells[number] = info.raw_cell or ""
            _show(finding for finding in _findings(cells) if finding.cell == number)

    def command(self, line: str) -> None:
        """Show what is found in the cells that ran, or switch: ``%paramassign [on|off]``."""
        word = line.strip()
        if word in ("on", "off"):
            self._is_on = word == "on"
        elif word:
            print("paramassign: write %paramassign, %paramassign on or %paramassign off")
        else:
            findings = _findings(self._ran())
            _show(findings)
            if not findings:
                print("paramassign: nothing found")

    def _ran(self) -> dict[int, str]:
        """Return the cells that ran, by their numbers."""
        manager = self._shell.history_manager
        history = manager.input_hist_raw if manager else []
        return dict(enumerate(history[1:], 1))


def _findings(cells: Mapping[int, str]) -> list[Finding]:
    """Return what is found in the program that ``cells`` are, as the current folder configures."""
    from flake8_paramassign.fixes.rewrites import rewrite

    try:
        _, configuration = nearest(Path.cwd())
    except ConfigurationError as error:
        print(f"paramassign: error: {error}")
        return []
    notebook = Notebook.of(_latest(cells))
    findings = Checker(configuration, rewrite).check_cells(notebook, "notebook.ipynb")
    # What does not parse, IPython tells.
    return [finding for finding in findings if finding.diagnostic.code != NotAnalysed.code]


def _latest(cells: Mapping[int, str]) -> dict[int, str]:
    """Return the last of ``cells``, and at least one, which together are not too many lines."""
    backwards = list(cells.items())[::-1]
    heights = accumulate(cell.count("\n") + 1 for _, cell in backwards)
    kept = [
        item
        for index, (item, height) in enumerate(zip(backwards, heights, strict=True))
        if height <= _MOST_LINES or not index
    ]
    return dict(kept[::-1])


def _show(findings: Iterable[Finding]) -> None:
    from IPython.display import display

    shown: list[dict[str, Any]] = [
        {"text/plain": _text(finding), "text/html": _html(finding)} for finding in findings
    ]
    for data in shown:
        display(data, raw=True)  # type: ignore[no-untyped-call,unused-ignore]


def _text(finding: Finding) -> str:
    return "\n".join((_title(finding), *_details(finding)))


def _html(finding: Finding) -> str:
    details = escape("\n".join(_details(finding)))
    title = escape(_title(finding))
    code = escape(finding.diagnostic.code)
    link = f'<a href="{escape(finding.diagnostic.url)}" target="_blank">{code}</a>'
    return (
        f'<div style="{_FRAME}"><b>{title.replace(code, link, 1)}</b>'
        f'<pre style="margin: 0">{details}</pre></div>'
    )


def _title(finding: Finding) -> str:
    diagnostic = finding.diagnostic
    place = f"In [{finding.cell}], line {diagnostic.start.line}"
    return f"{diagnostic.code} {place}: {diagnostic.message}"


def _details(finding: Finding) -> list[str]:
    """Return the source with its marks, and what to write instead."""
    return [colour.plain(line) for line in full.details(replace(finding, filename="notebook"))]
