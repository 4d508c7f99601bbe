"""A list of known findings, so that only new ones are reported.

A finding is known by its file, its rule and its source line, however far the line has moved.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from flake8_paramassign.configuration import ConfigurationError
from flake8_paramassign.files import read_regular
from flake8_paramassign.findings import Finding
from flake8_paramassign.tables import parse_json
from flake8_paramassign.writing import write_whole

_KEYS = ("filename", "code", "line", "count")
_LARGEST = 50_000_000
"""Bytes: some hundred thousand findings."""


def write(file: Path, findings: Iterable[Finding]) -> None:
    """List ``findings`` in ``file``, sorted.

    Raises ConfigurationError where ``file`` exists and is no such list, OSError, and NotWritten.
    """
    try:
        if read_regular(file, _LARGEST):
            _read(file)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    counts = Counter(finding.identity(file.parent) for finding in findings)
    entries = [dict(zip(_KEYS, (*known, n), strict=True)) for known, n in sorted(counts.items())]
    write_whole(file, (json.dumps(entries, indent=2) + "\n").encode())


def unknown(file: Path, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are not listed in ``file``, or more often than listed.

    Raises ConfigurationError where ``file`` is no such list.
    """
    left = _read(file)
    new = []
    for finding in findings:
        identity = finding.identity(file.parent)
        if left[identity] > 0:
            left[identity] -= 1
        else:
            new.append(finding)
    return new


def _read(file: Path) -> Counter[tuple[str, str, str]]:
    """Return how often each identity is listed in ``file``; raises ConfigurationError."""
    try:
        entries = parse_json(read_regular(file, _LARGEST))
        if not isinstance(entries, list):
            raise TypeError("no list")
        listed = Counter({(e["filename"], e["code"], e["line"]): int(e["count"]) for e in entries})
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: no such file; --write-baseline makes it") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ConfigurationError(f"{file}: not a baseline: {error}") from None
    return listed
