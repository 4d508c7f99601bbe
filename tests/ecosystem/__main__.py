"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __doc__ as about
from .kept import Kept, differences, read, unjudged, updated, write
from .measure import Counts, Failure, Place, measure, version
from .page import page
from .sources import Source, Unobtainable, obtain

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
PAGE = REPOSITORY / "docs" / "ecosystem.md"


def main(arguments: Sequence[str] | None = None, data: Path = HERE, document: Path = PAGE) -> int:
    """Run the command line over the tables in ``data``; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="tests.ecosystem",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="these sources only")
    parser.add_argument(
        "--checkouts",
        type=Path,
        default=Path.home() / ".cache" / "paramassign-ecosystem",
        metavar="FOLDER",
        help="where the sources are, or are fetched to: a folder owner+name for each",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", action="store_true", help="write the new result down")
    parser.add_argument("--page", action="store_true", help="only write the page of what is kept")
    args = parser.parse_args(arguments)

    old = read(data)
    if args.page:
        _write_page(document, old)
        return int(any(unjudged(old)))
    chosen = [source for source in old.sources if not args.names or source.name in args.names]
    unknown = set(args.names) - {source.name for source in chosen}
    if unknown:
        parser.error(f"not in sources.tsv: {', '.join(sorted(unknown))}")
    args.checkouts.mkdir(parents=True, exist_ok=True)
    by = version(REPOSITORY)
    if args.keep and not by.endswith("+"):
        chosen = [source for source in chosen if old.sources[source].by != by]
    measured: dict[Source, tuple[Counts, frozenset[Place]]] = {}
    failures = []
    for number, source in enumerate(chosen, 1):
        if sys.stderr.isatty():
            print(f"\r\033[K{number}/{len(chosen)} {source.name}", end="\r", file=sys.stderr)
        try:
            measured[source] = measure(obtain(source, args.checkouts), args.jobs, by)
        except Unobtainable as error:
            failures.append(str(error))
        except Failure as error:
            failures.append(f"{source.name}: {error}")
        if args.keep:  # source by source, so that a run that is ended is not lost
            write(data, updated(old, measured))
    new = updated(old, measured)
    changed = list(differences(old, new))
    owed = list(unjudged(new))
    for line in [*changed, *owed, *failures]:
        print(line)
    if args.keep:
        _write_page(document, read(data))
    if failures:
        return 2
    return int(bool(owed or (changed and not args.keep)))


def _write_page(document: Path, kept: Kept) -> None:
    document.parent.mkdir(exist_ok=True)
    document.write_text(page(kept), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
