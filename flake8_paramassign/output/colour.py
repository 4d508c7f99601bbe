"""ANSI colours, taken out again where nobody wants them."""

from __future__ import annotations

import os
import re
from typing import TextIO


def bold(text: str) -> str:
    """Return ``text`` in bold."""
    return f"\x1b[1m{text}\x1b[0m"


def red(text: str) -> str:
    """Return ``text`` in bold red."""
    return f"\x1b[1;31m{text}\x1b[0m"


def green(text: str) -> str:
    """Return ``text`` in green."""
    return f"\x1b[32m{text}\x1b[0m"


def plain(text: str) -> str:
    """Return ``text`` without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def is_wanted(stream: TextIO | None) -> bool:
    """Return whether ``stream``, if there is one, shows colours and NO_COLOR is not set."""
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()
