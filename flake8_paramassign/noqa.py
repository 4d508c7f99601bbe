"""Adding ``# noqa`` comments, so that a project can start from where it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from flake8_paramassign.diagnostics import Edit, Position
from flake8_paramassign.findings import Finding
from flake8_paramassign.fixes.edits import NotText, Text
from flake8_paramassign.notebooks import SUFFIX
from flake8_paramassign.source import Source
from flake8_paramassign.suppression import COMMENT, comment_spans
from flake8_paramassign.writing import NotWritten, OpenedFile


def add_comments(findings: Iterable[Finding]) -> tuple[int, list[str]]:
    """Write a comment for each of ``findings`` into its file, or its code into the one there.

    Return how many were written, and what could not be done, one line each.
    """
    written, problems = 0, []
    for filename, group in groupby(findings, key=lambda finding: finding.filename):
        of_one_file = list(group)
        if filename.endswith(SUFFIX):
            problems.append(f"{filename}: comments are not added to notebooks")
            continue
        try:
            file = OpenedFile.read(filename)
            before = Text.decode(file.content)
            after = before.apply(comments(before.text, of_one_file))
            if not after.parses:
                raise NotWritten(f"{filename}: not written: it would no longer parse")
            file.write(after.encode())
            written += len(of_one_file)
        except NotWritten as error:
            problems.append(str(error))
        except NotText as error:
            problems.append(f"{filename}: {error}")
    return written, problems


def comments(text: str, findings: Sequence[Finding]) -> Iterator[Edit]:
    """Yield what to insert into the ``text`` of the file that ``findings`` are in."""
    source = Source(text)
    spans = comment_spans(text)
    codes: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for finding in findings:
        line = finding.diagnostic.start.line
        codes[spans.get(line, (line, line))].add(finding.diagnostic.code)
    for (first, last), missing in codes.items():
        listed = ", ".join(sorted(missing))
        lines = {n: source.between(n, n).rstrip("\r\n") for n in range(first, last + 1)}
        searched = ((n, COMMENT.search(line)) for n, line in lines.items())
        number, comment = next((found for found in searched if found[1]), (last, None))
        if comment:
            end = comment.start("codes") + len(comment["codes"].rstrip(", \t"))
            yield _insertion(number, end, f", {listed}")
        else:
            yield _insertion(last, len(lines[last]), f"  # noqa: {listed}")


def _insertion(line: int, column: int, content: str) -> Edit:
    place = Position(line, column)
    return Edit(place, place, content)
