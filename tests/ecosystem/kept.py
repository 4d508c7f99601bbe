"""The result that is kept beside this file, and how a new one differs from it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

from .measure import Counts, Place
from .sources import Source

UNJUDGED = "?"
VERDICTS = ("true", "arguable", "false", UNJUDGED)


@dataclass(frozen=True)
class Judged:
    """What is known of a place.

    ``condition`` says when a true claim holds, where it does not always; ``reason`` says why the
    verdict is as it is.
    """

    found: bool
    verdict: str = UNJUDGED
    condition: str = ""
    reason: str = ""


Places = dict[tuple[str, Place], Judged]
"""By the name of the source and the place."""


@dataclass(frozen=True)
class Kept:
    """The two tables: the sources with their counts, and the places."""

    sources: Mapping[Source, Counts]
    places: Places


_SOURCES = ("name", "version", *(field.name for field in fields(Counts)))
_PLACES = ("source", "path", "line", "code", "found", "verdict", "condition", "reason")


def read(folder: Path) -> Kept:
    """Return the result kept in ``folder``; raises ValueError: a row is not as it must be."""
    sources = {
        Source(name, version): Counts(*map(int, counts), by=by)
        for name, version, *counts, by in _rows(folder / "sources.tsv", _SOURCES)
    }
    places: Places = {}
    for source, path, line, code, found, verdict, *why in _rows(folder / "places.tsv", _PLACES):
        if verdict not in VERDICTS:
            raise ValueError(f"{source} {path} {line} {code}: {verdict!r} is no verdict")
        places[source, Place(path, int(line), code)] = Judged(found == "yes", verdict, *why)
    return Kept(sources, places)


def write(folder: Path, kept: Kept) -> None:
    """Keep that result in ``folder``, in an order that does not depend on the run."""
    sources = sorted(kept.sources.items(), key=lambda item: item[0].name.lower())
    _write(
        folder / "sources.tsv",
        _SOURCES,
        ([source.name, source.version, *astuple(counts)] for source, counts in sources),
    )
    places = sorted(kept.places.items(), key=lambda item: (item[0][0].lower(), item[0]))
    _write(
        folder / "places.tsv",
        _PLACES,
        (
            [source, *place, "yes" if judged.found else "no", *astuple(judged)[1:]]
            for (source, place), judged in places
        ),
    )


def updated(kept: Kept, measured: Mapping[Source, tuple[Counts, frozenset[Place]]]) -> Kept:
    """Return what is to be kept after that run; what was judged stays judged."""
    names = {source.name for source in measured}
    places = {
        key: replace(judged, found=False) if key[0] in names else judged
        for key, judged in kept.places.items()
    }
    for source, (_, found) in measured.items():
        for place in found:
            known = places.get((source.name, place), Judged(found=True))
            places[source.name, place] = replace(known, found=True)
    # What is gone, and was never judged, tells nobody anything.
    places = {k: j for k, j in places.items() if j.found or j.verdict != UNJUDGED}
    return Kept({**kept.sources, **{s: counts for s, (counts, _) in measured.items()}}, places)


def differences(old: Kept, new: Kept) -> Iterator[str]:
    """Say what differs, a line each: what came, what went, and other counts."""
    for source, place in sorted(old.places.keys() | new.places.keys()):
        was, now = (kept.places.get((source, place)) for kept in (old, new))
        known = now or was
        was_found, is_found = (judged is not None and judged.found for judged in (was, now))
        if known is not None and was_found != is_found:
            event = "came" if is_found else "went"
            yield f"{event}: {_line(source, place)} (verdict: {known.verdict})"
    for origin, counts in new.sources.items():
        were = asdict(old.sources[origin])
        for what, count in asdict(counts).items():
            if what != "by" and count != were[what]:
                yield f"counts: {origin.name}: {what} {were[what]} -> {count}"


def unjudged(kept: Kept) -> Iterator[str]:
    """Name each finding without a verdict, a line each."""
    for (source, place), judged in sorted(kept.places.items()):
        if judged.found and judged.verdict == UNJUDGED:
            yield f"no verdict: {_line(source, place)}"


def _line(source: str, place: Place) -> str:
    return f"{source} {place.path}:{place.line} {place.code}"


def _rows(file: Path, header: tuple[str, ...]) -> Iterator[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(rows, 1):
            if len(row) != len(header) or (number == 1 and tuple(row) != header):
                raise ValueError(f"{file.name}:{number}: the columns must be {', '.join(header)}")
            if number > 1:
                yield row


def _write(file: Path, header: tuple[str, ...], rows: Iterable[Sequence[object]]) -> None:
    lines = ["\t".join(map(str, row)) for row in (header, *rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
