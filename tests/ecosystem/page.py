"""The page of the documentation: what was found where, and whether it is so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from flake8_paramassign.documentation import in_markdown

from .kept import Kept
from .measure import Counts

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


def page(kept: Kept) -> str:
    """Return the page in Markdown."""
    sections = [_START, *_versions(kept), _rules(kept), "## Findings\n", _findings(kept)]
    return "\n".join([*sections, "## Sources\n", _sources(kept)])


def _versions(kept: Kept) -> Iterator[str]:
    """Say how much was looked at, and by which versions of the tools, the most by one first."""
    yield f"{_amount(kept.sources.values())}.\n"
    by = {counts.by for counts in kept.sources.values()}
    of = {tools: [c for c in kept.sources.values() if c.by == tools] for tools in by}
    for tools, counted in sorted(of.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"- By {_tools(tools)}: {_amount(counted)}."
    yield ""


def _amount(counted: Collection[Counts]) -> str:
    files = sum(counts.files for counts in counted)
    lines = sum(counts.lines for counts in counted)
    return f"{len(counted)} sources, {files:,} files, {lines:,} lines"


def _tools(version: str) -> str:
    return f"the tools at `{version}`" if version else "earlier tools"


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
            f"[{in_markdown(f'{name} {place.path}')}:{place.line}]"
            f"({sources[name].url(place.path, place.line)})",
            place.code,
            judged.verdict,
            in_markdown("; ".join(filter(None, [judged.condition, judged.reason]))),
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
            f"`{counts.by}`" if counts.by else "earlier",
        ]
        for source, counts in kept.sources.items()
    )
    counted = ["files", "lines", "not analysed", "files fixed", "left then", "by"]
    header = ["source", "version", *counted]
    return _table(header, rows)


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    def lines() -> Iterator[str]:
        for row in [header, ["---"] * len(header), *rows]:
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n"

    return "".join(lines())
