"""What the rules say about themselves, for ``--explain`` and ``--rules``."""

from __future__ import annotations

from flake8_paramassign.configuration import ConfigurationError
from flake8_paramassign.rules import all_rules


def explanation(code: str) -> str:
    """Return the documentation of the rule ``code``, in either case.

    Raises ConfigurationError where there is no such rule.
    """
    rule = all_rules().get(code.upper())
    if rule is None:
        raise ConfigurationError(f"no rule '{code}'; --rules lists them")
    return f"# {rule.code} {rule.name}\n\n{rule.claim}\n\n{rule.documentation()}\n"


def table() -> str:
    """Return a line for each rule: code, name, whether it is on, whether it has a fix, claim."""
    rows = [
        (
            rule.code,
            rule.name,
            "on" if rule.default() else "off",
            "-" if rule.fix == "none" else "fix",
            rule.claim,
        )
        for rule in all_rules().values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
