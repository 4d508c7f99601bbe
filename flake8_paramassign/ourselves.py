"""Which version of us this is."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from flake8_paramassign.surroundings import digest


@cache
def fingerprint() -> str:
    """Return what tells us, in this Python, from any other version of us.

    By what is in our files: the number of the version stays while we are worked on.
    """
    folder = Path(__file__).parent
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".py", ".json"))
    contents = [file.read_bytes() for file in files]
    return digest("".join([sys.version, *map(digest, contents)]).encode())
