"""A list of known findings, so that only new ones are reported.

A finding is known by its file, its rule and its source line, however far the line has moved.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flake8_paramassign.configuration import ConfigurationError
from flake8_paramassign.findings import Finding

_KEYS = ("filename", "code", "line", "count")


def write(file: Path, findings: Iterable[Finding]) -> None:
    """List ``findings`` in ``file``, sorted; raises OSError."""
    counts = Counter(finding.identity(file.parent) for finding in findings)
    entries = [dict(zip(_KEYS, (*known, n), strict=True)) for known, n in sorted(counts.items())]
    file.write_text(json.dumps(entries, indent=2) + "\n", "utf-8")


def unknown(file: Path, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are not listed in ``file``, or more often than listed.

    Raises ConfigurationError where ``file`` is no such list.
    """
    try:
        entries = list[Any](json.loads(file.read_text("utf-8")))
        left = Counter({(e["filename"], e["code"], e["line"]): int(e["count"]) for e in entries})
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: no such file; --write-baseline makes it") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{file}: not a baseline: {error}") from None
    new = []
    for finding in findings:
        identity = finding.identity(file.parent)
        if left[identity] > 0:
            left[identity] -= 1
        else:
            new.append(finding)
    return new
