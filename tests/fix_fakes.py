"""A stand-in for the analysis: names in the source that ask for a certain fix.

=============  ==================================================================
``old``        REN: renamed to ``new``
``danger``     UNS: renamed to ``safe``, an unsafe fix
``shown``      SHW: a fix that is only shown
``stays``      WHY: no fix, and says why
``f(...)``     NES: the whole call rewritten to ``g(...)``, so that nested ones overlap
``torchy``     IMP: renamed to ``torch``, with ``import torch`` added on the first line
``broken``     BRK: rewritten to something that does not parse
``chatty``     CMT: all to the end of its line removed, with the comment there
``ping``       OSC: renamed to ``pong``, and ``pong`` to ``ping``
``grow``       GRO: wrapped in parentheses, and found again
``stray``      OUT: an edit on a line that the file does not have
=============  ==================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix, Position
from flake8_paramassign.settings import DEFAULT, Settings

RENAMES = {
    "old": ("REN", "new"),
    "broken": ("BRK", "("),
    "ping": ("OSC", "pong"),
    "pong": ("OSC", "ping"),
    "grow": ("GRO", "(grow)"),
    "danger": ("UNS", "safe"),
    "shown": ("SHW", "hidden"),
}
APPLICABILITY = {"UNS": Applicability.UNSAFE, "SHW": Applicability.DISPLAY}
NAMES = re.compile(r"\b(?:old|broken|ping|pong|grow|danger|shown|stays|torchy|chatty|stray|f\()")


def analyze(
    source: bytes, filename: str = "<unknown>", *, settings: Settings = DEFAULT
) -> list[Diagnostic]:
    """Find the names above; a source that is not UTF-8 must say so in its first line."""
    cookie = re.match(rb".*?coding[:=]\s*([-\w]+)", source)
    text = source.decode(cookie.group(1).decode() if cookie else "utf-8-sig")
    found = [diagnostic for match in NAMES.finditer(text) for diagnostic in _found(text, match)]
    return [d for d in found if settings.select is None or d.code in settings.select]


def place(text: str, offset: int) -> Position:
    before = re.split(r"\r\n|\r|\n", text[:offset])
    return Position(len(before), len(before[-1]))


def _found(text: str, match: re.Match[str]) -> Iterator[Diagnostic]:
    name, start, end = match.group(), match.start(), match.end()
    extra: tuple[Edit, ...] = ()
    if name == "stays":
        span = place(text, start), place(text, end)
        yield Diagnostic("WHY", "why", "'stays' stays", *span, why_not_fixed="it likes it here")
        return
    if name == "f(":
        end = _closing(text, end)
        code, content = "NES", "g" + text[start + 1 : end]
    elif name == "torchy":
        first = Position(1, 0)
        code, content, extra = "IMP", "torch", (Edit(first, first, "import torch\n"),)
        if "import torch" in text:
            extra = ()
    elif name == "chatty":
        end = text.index("\n", end)
        code, content = "CMT", "pass"
    elif name == "stray":
        code, content = "OUT", "stray"
        extra = (Edit(Position(10_000, 0), Position(10_000, 0), "x"),)
    else:
        code, content = RENAMES[name]
    span = place(text, start), place(text, end)
    edit = Edit(*span, content)
    fix = Fix(f"say {content}", APPLICABILITY.get(code, Applicability.SAFE), (*extra, edit))
    yield Diagnostic(code, code.lower(), f"'{name}' found", *span, fix=fix)


def _closing(text: str, offset: int) -> int:
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[offset], 0)
        offset += 1
    return offset
