"""JSON with the fields of ruff's, columns counted from 1; ``cell`` in notebooks only."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flake8_paramassign.diagnostics import Fix, Position, Related
from flake8_paramassign.findings import Finding
from flake8_paramassign.wording import encodable


def render(findings: Sequence[Finding]) -> str:
    """Return a list of objects, in ASCII."""
    return json.dumps([_finding(finding) for finding in findings], indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    diagnostic = finding.diagnostic
    cell = {} if finding.cell is None else {"cell": finding.cell}
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "filename": encodable(finding.filename),
        **cell,
        "location": _location(diagnostic.start),
        "end_location": _location(diagnostic.end),
        "fix": diagnostic.fix and _fix(diagnostic.fix),
        "why_not_fixed": diagnostic.why_not_fixed,
        "url": diagnostic.url,
        "trace": [_related(related, finding) for related in diagnostic.trace],
    }


def _fix(fix: Fix) -> dict[str, object]:
    file = {} if fix.filename is None else {"filename": encodable(fix.filename)}
    return {
        "applicability": fix.applicability.value,
        "message": fix.message,
        **file,
        "edits": [
            {
                "content": edit.content,
                "location": _location(edit.start),
                "end_location": _location(edit.end),
            }
            for edit in fix.edits
        ],
    }


def _related(related: Related, finding: Finding) -> dict[str, object]:
    cell = {} if related.cell is None else {"cell": related.cell}
    return {
        "message": related.message,
        "filename": encodable(related.filename or finding.filename),
        **cell,
        "location": _location(related.start),
        "end_location": _location(related.end),
    }


def _location(position: Position) -> dict[str, int]:
    return {"row": position.line, "column": position.column + 1}
