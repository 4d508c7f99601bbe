"""TOML and JSON of a tree that nobody vouches for: what would take ages or gigabytes is refused."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MOST_DOTS = 100
"""In one key of TOML, for which its reader takes the square of their number."""
_MOST_BRACKETS = 1_000_000
"""In JSON, each of which takes twenty times its size."""

_TOO_DEEP = "nested too deeply"


def parse_toml(data: bytes) -> dict[str, Any]:
    """Return the table in ``data``, which may begin with a BOM; raises ValueError."""
    text = data.decode("utf-8-sig")
    if any(part.count(".") > _MOST_DOTS for part in re.split(r"[\n=#\[\]{},]", text)):
        raise ValueError(_TOO_DEEP)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def parse_json(data: bytes) -> Any:
    """Return the value in ``data``; raises ValueError."""
    if data.count(b"[") + data.count(b"{") > _MOST_BRACKETS:
        raise ValueError("too many lists and objects")
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
