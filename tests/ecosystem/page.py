"""The page of the documentation: what was found where, and whether it is so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from .kept import Kept

_START = """\
# Public code, and each finding in it

<!-- Written by `python -m tests.ecosystem --keep`; do not edit. -->

Each finding of the default rules in the sources below was read in its source, and has a verdict.
**True**: the program does what the message says, under the condition that the message states.
**Arguable**: it does, but nothing breaks by it, or a condition is left out. **False**: it does not.
**Missed** counts places that are known to be defects of the rule and are not found.
`python -m tests.ecosystem` fetches the sources, runs linter and fixer over them, and fails if
anything differs from this.
"""


_PARTIAL = """
The present interpreter has been run over {} of them whole ({:,} lines). In the other {}, the one
before it found the places, and the files with these are all that the present one has looked at.
"""


def page(kept: Kept) -> str:
    """Return the page in Markdown."""
    files = sum(counts.files for counts in kept.sources.values())
    lines = sum(counts.lines for counts in kept.sources.values())
    total = f"{len(kept.sources)} sources, {files:,} files, {lines:,} lines."
    partial = [counts for counts in kept.sources.values() if counts.partial]
    if partial:
        whole = sum(counts.lines for counts in kept.sources.values()) - sum(
            c.lines for c in partial
        )
        total += _PARTIAL.format(len(kept.sources) - len(partial), whole, len(partial))
    sections = [_START, total + "\n", _rules(kept), "## Findings\n", _findings(kept)]
    return "\n".join([*sections, "## Sources\n", _sources(kept)])


def _rules(kept: Kept) -> str:
    count = Counter(
        (place.code, judged.verdict if judged.found else "missed")
        for (_, place), judged in kept.places.items()
        if judged.found or judged.verdict == "true"
    )
    kinds = ("true", "arguable", "false", "?", "missed")
    rows = [
        [code, *(str(count[code, kind]) for kind in kinds)]
        for code in sorted({code for code, _ in count})
    ]
    totals = [str(sum(n for (_, k), n in count.items() if k == kind)) for kind in kinds]
    return _table(
        ["rule", "true", "arguable", "false", "not judged", "missed"], [*rows, ["all", *totals]]
    )


def _findings(kept: Kept) -> str:
    sources = {source.name: source for source in kept.sources}
    rows = (
        [
            f"[{name} {place.path}:{place.line}]({sources[name].url(place.path, place.line)})",
            place.code,
            judged.verdict,
            "; ".join(filter(None, [judged.condition, judged.reason])),
        ]
        for (name, place), judged in kept.places.items()
        if judged.found
    )
    return _table(["place", "rule", "verdict", "condition, and why"], rows)


def _sources(kept: Kept) -> str:
    rows = (
        [
            source.name,
            f"`{source.version[:12]}`",
            f"{counts.files:,}",
            f"{counts.lines:,}",
            str(counts.unanalysed),
            str(counts.changed),
            str(counts.left),
            "known places" if counts.partial else "whole",
        ]
        for source, counts in kept.sources.items()
    )
    counted = ["files", "lines", "not analysed", "files fixed", "left then", "looked at"]
    header = ["source", "version", *counted]
    return _table(header, rows)


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    def lines() -> Iterator[str]:
        for row in [header, ["---"] * len(header), *rows]:
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n"

    return "".join(lines())
