"""SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from flake8_paramassign import __version__
from flake8_paramassign.diagnostics import URL, Applicability, Edit, Fix, Position
from flake8_paramassign.findings import Finding, fingerprints, path_from
from flake8_paramassign.rules import Rule, all_rules


def render(findings: Sequence[Finding]) -> str:
    """Return a log of one run; files are relative to ``SRCROOT``, the current folder."""
    rules = all_rules()
    run = {
        "tool": {
            "driver": {
                "name": "flake8-paramassign",
                "version": __version__,
                "informationUri": URL.rstrip("#"),
                "rules": [_rule(rule) for rule in rules.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": f"{Path.cwd().as_uri()}/"}},
        "results": [
            _result(finding, list(rules).index(finding.diagnostic.code), fingerprint)
            for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
        ],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule(rule: type[Rule]) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.claim},
        "helpUri": f"{URL}{rule.code.lower()}",
        "help": {"text": rule.documentation(), "markdown": rule.documentation()},
        "defaultConfiguration": {"level": "warning", "enabled": rule.default()},
    }


def _result(finding: Finding, rule_index: int, fingerprint: str) -> dict[str, object]:
    diagnostic = finding.diagnostic
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": "warning",
        "message": {"text": diagnostic.message},
        "locations": [_location(_artifact(finding.filename), diagnostic.start, diagnostic.end)],
        "partialFingerprints": {"paramassign/v1": fingerprint},
    }
    if diagnostic.trace:
        result["relatedLocations"] = [
            {
                **_location(_artifact(r.filename or finding.filename), r.start, r.end),
                "id": number,
                "message": {"text": r.message},
            }
            for number, r in enumerate(diagnostic.trace)
        ]
    if diagnostic.fix and diagnostic.fix.applicability is not Applicability.DISPLAY:
        result["fixes"] = [
            _fix(diagnostic.fix, _artifact(diagnostic.fix.filename or finding.filename))
        ]
    return result


def _fix(fix: Fix, artifact: dict[str, str]) -> dict[str, object]:
    return {
        "description": {"text": f"{fix.message} ({fix.applicability.value})"},
        "artifactChanges": [
            {
                "artifactLocation": artifact,
                "replacements": [_replacement(edit) for edit in fix.edits],
            }
        ],
    }


def _replacement(edit: Edit) -> dict[str, object]:
    return {
        "deletedRegion": _region(edit.start, edit.end),
        "insertedContent": {"text": edit.content},
    }


def _location(artifact: dict[str, str], start: Position, end: Position) -> dict[str, object]:
    place = {"artifactLocation": artifact, "region": _region(start, end)}
    return {"physicalLocation": place}


def _artifact(filename: str) -> dict[str, str]:
    path = Path(path_from(Path.cwd(), filename))
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(os.fsencode(path.as_posix())), "uriBaseId": "SRCROOT"}


def _region(start: Position, end: Position) -> dict[str, int]:
    return {
        "startLine": start.line,
        "startColumn": start.column + 1,
        "endLine": end.line,
        "endColumn": end.column + 1,
    }
