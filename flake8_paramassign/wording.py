"""Words of others in what we print: a name, an expression or a file name is data, not layout.

A source may call an attribute what it likes. Whatever that is, a finding stays one line of
ordinary length, moves no cursor, and gives no command to the service that reads the log.
"""

from __future__ import annotations

import ast
import re
from keyword import iskeyword

LONGEST_WORD = 120
"""Characters of a word, which may be a user's name or expression, that a line repeats."""
LONGEST_LINE = 800
"""Characters of a line."""

_CUT = "..."
_MASK = "\N{REPLACEMENT CHARACTER}"
_COMMAND = re.compile(r"##(?=\w*\[)")
"""``##[error]``, ``##vso[...]``: commands to a build service wherever in a line they stand."""


def visible(text: str) -> str:
    r"""Return ``text`` with ``\n``, ``\x1b``, ``\u202e`` and the like for what is not printable.

    That is all that ends a line, moves a cursor, turns the direction of reading or cannot be
    encoded. A name in it stays whole.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escape(c) for c in text)
    return _COMMAND.sub(r"#\\x23", text)


def one_line(text: str) -> str:
    """Return ``text`` as one visible line in which neither a word nor the whole is too long."""
    # A line that is cut may join two halves to a word that is too long again.
    return _with_short_words(_shortened(_with_short_words(visible(text)), LONGEST_LINE))


def encodable(name: str) -> str:
    """Return ``name`` for a machine: as it is, but for bytes that are no text."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def masked(line: str) -> str:
    """Return ``line`` with U+FFFD for what is not visible, so that each column stays where it is.

    Tabs stay too.
    """
    line = "".join(c if c.isprintable() or c == "\t" else _MASK for c in line)
    return _COMMAND.sub(f"#{_MASK}", line)


def advised(message: str, name: object) -> str:
    """Return ``message`` without its advice where that is to write ``name``, which is no name.

    An attribute may have been called anything by ``setattr``, or something that is computed.
    """
    said, advice, code = message.partition("; write ")
    is_name = isinstance(name, str) and name.isidentifier() and not iskeyword(name)
    return said if advice and not is_name and str(name) in code else message


def is_python(code: str) -> bool:
    """Return whether a message can advise to write ``code``: it is Python, shown as it is."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return code == one_line(code)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _with_short_words(line: str) -> str:
    return " ".join(_shortened(word, LONGEST_WORD) for word in line.split(" "))


def _shortened(text: str, longest: int) -> str:
    """Return ``text``, its middle cut out where it is too long: the ends tell more."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - len(_CUT)]}{_CUT}{text[-end:]}"
