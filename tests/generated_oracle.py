"""What the harness for random programs says of given ones: ``python tests/generated_oracle.py``.

Reads a list of cases as JSON and prints what came of each. A case is a program, and findings and
what a fix makes of it that take the place of the linter's and the fixer's own.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import torch

from codemods.verification.generated import claims, mended
from codemods.verification.generated.minimal import minimal
from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix, Position, Related
from flake8_paramassign.fixes.engine import FixResult


def told(
    code: str,
    line: int,
    applicability: Applicability | None = None,
    trace: int = 0,
    message: str = "told",
) -> Diagnostic:
    """Return a finding, with a fix of this kind, that rests on what is at the line ``trace``."""
    start, end = Position(line, 0), Position(line, 1)
    fix = Fix("", applicability, (Edit(start, end, ""),)) if applicability else None
    at = Position(trace, 0)
    facts = (Related("told", at, at),) if trace else ()
    return Diagnostic(code, "told", message, start, end, fix, trace=facts)


def seen(case: dict[str, Any]) -> dict[str, Any]:
    """Return what came of a case."""
    source = case["source"]
    if "told" in case:
        findings = [told(*what) for what in case["told"]]
        with patch.object(claims, "analyze", return_value=findings):
            return _judged(source)
    if "fixed" in case:
        kind = Applicability(case["kind"])
        finding = told(case["code"], case["line"], kind, case.get("trace", 0))
        if finding.fix and "note" in case:
            finding = replace(finding, fix=replace(finding.fix, message=case["note"]))
        with (
            patch.object(mended, "analyze_with_fixes", return_value=[finding]),
            patch.object(mended, "fix_source", return_value=FixResult(case["fixed"].encode())),
        ):
            return _mended(source, case.get("ends", ()))
    if "mends" in case:
        return _mended(source)
    if "shrinks" in case:
        wanted = case["shrinks"]
        return {"minimal": minimal(source, lambda text: wanted in claims.judge(text).record.facts)}
    return _judged(source)


def _mended(source: str, ends: Sequence[str] = ()) -> dict[str, Any]:
    every = [*mended.mend(source, ends=frozenset(ends))]
    return {
        "problems": [made.problem for made in every],
        "outcomes": [what for made in every for _, what in made.outcomes],
    }


def _judged(source: str) -> dict[str, Any]:
    judged = claims.judge(source)
    return {
        "facts": sorted((code, n) for code, lines in judged.record.facts.items() for n in lines),
        "verdicts": [claim.verdict for claim in judged.claims],
        "missed": [(missed.code, missed.line) for missed in judged.missed],
        "raised": judged.record.raised,
    }


def main() -> None:
    """Read the cases, and print what came of them."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print(json.dumps([seen(case) for case in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
