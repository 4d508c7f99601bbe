"""What somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a question to put behind a message about ``word``, or nothing to ask."""
    nearest = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""
