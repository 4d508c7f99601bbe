"""Which rules are on: prefixes of codes, chosen and ignored, as flake8 weighs them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flake8_paramassign.rules import is_default, rule_names


def selected_codes(
    select: Sequence[str] | None, extend_select: Sequence[str], ignore: Sequence[str]
) -> frozenset[str]:
    """Return the codes that are on.

    ``select`` is None where the user named no rules: those that are on by default are.
    A rule both chosen and ignored follows the longer prefix, and is off if they are equal.
    """
    chosen = (*(select or ()), *extend_select)
    return frozenset(
        code
        for code in rule_names()
        if _match(code, chosen) > _match(code, ignore)
        or (select is None and is_default(code) and not _match(code, ignore))
    )


def unknown_prefixes(prefixes: Iterable[str]) -> list[str]:
    """Return those of ``prefixes`` that begin no rule's code."""
    return [p for p in prefixes if not any(_match(code, [p]) for code in rule_names())]


def _match(code: str, prefixes: Sequence[str]) -> int:
    """Return the length of the longest prefix of ``code``; 0 is none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)
