"""A stand-in for the analysis: names in the source that ask for a certain fix.

==========  ======  =========  =================================================================
``old``     PRM101  rename     renamed to ``new``
``danger``  PRM101  unsafe     renamed to ``safe``, an unsafe fix
``f(...)``  PRM102  nested     the whole call rewritten to ``g(...)``, so that nested ones overlap
``torchy``  PRM103  importing  renamed to ``torch``, with ``import torch`` added on the first line
``broken``  PRM104  breaking   rewritten to something that does not parse
``chatty``  PRM105  deleting   all to the end of its line removed, with the comment there
``ping``    PRM106  undoing    renamed to ``pong``, and ``pong`` to ``ping``
``grow``    PRM107  growing    wrapped in parentheses, and found again
``stays``   PRM108  unfixed    no fix, and says why
``shown``   PRM108  shown      a fix that is only shown
``stray``   PRM108  astray     an edit on a line that the file does not have
==========  ======  =========  =================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix, Position
from flake8_paramassign.report import Rewriter
from flake8_paramassign.semantics.events import Event
from flake8_paramassign.settings import DEFAULT, Settings
from flake8_paramassign.surroundings import Surroundings

RENAMES = {
    "old": ("PRM101", "rename", "new"),
    "danger": ("PRM101", "unsafe", "safe"),
    "broken": ("PRM104", "breaking", "("),
    "ping": ("PRM106", "undoing", "pong"),
    "pong": ("PRM106", "undoing", "ping"),
    "grow": ("PRM107", "growing", "(grow)"),
    "shown": ("PRM108", "shown", "hidden"),
}
APPLICABILITY = {"danger": Applicability.UNSAFE, "shown": Applicability.DISPLAY}
NAMES = re.compile(r"\b(?:old|broken|ping|pong|grow|danger|shown|stays|torchy|chatty|stray|f\()")


def analyze(
    source: bytes | str,
    filename: str = "<unknown>",
    *,
    settings: Settings = DEFAULT,
    rewrite: Rewriter | None = None,
    surroundings: Surroundings | None = None,
    watch: Callable[[Event], None] | None = None,
) -> list[Diagnostic]:
    """Find the names above; a source that is not UTF-8 must say so in its first line."""
    if isinstance(source, str):
        source = source.encode()
    cookie = re.match(rb".*?coding[:=]\s*([-\w]+)", source)
    text = source.decode(cookie.group(1).decode() if cookie else "utf-8-sig")
    found = [_found(text, match) for match in NAMES.finditer(text)]
    return [d for d in found if settings.select is None or d.code in settings.select]


def place(text: str, offset: int) -> Position:
    before = re.split(r"\r\n|\r|\n", text[:offset])
    return Position(len(before), len(before[-1]))


def _found(text: str, match: re.Match[str]) -> Diagnostic:
    name, start, end = match.group(), match.start(), match.end()
    extra: tuple[Edit, ...] = ()
    if name == "f(":
        end = _closing(text, end)
        code, title, content = "PRM102", "nested", "g" + text[start + 1 : end]
    elif name == "torchy":
        first = Position(1, 0)
        code, title, content = "PRM103", "importing", "torch"
        if "import torch" not in text:
            extra = (Edit(first, first, "import torch\n"),)
    elif name == "chatty":
        end = text.index("\n", end)
        code, title, content = "PRM105", "deleting", "pass"
    elif name == "stray":
        code, title, content = "PRM108", "astray", "stray"
        extra = (Edit(Position(10_000, 0), Position(10_000, 0), "x"),)
    elif name == "stays":
        code, title, content = "PRM108", "unfixed", ""
    else:
        code, title, content = RENAMES[name]
    span = place(text, start), place(text, end)
    message = f"'{name}' is found"
    if not content:
        return Diagnostic(code, title, message, *span, why_not_fixed="it likes it here")
    edits = (*extra, Edit(*span, content))
    fix = Fix(f"say {content}", APPLICABILITY.get(name, Applicability.SAFE), edits)
    return Diagnostic(code, title, message, *span, fix=fix)


def _closing(text: str, offset: int) -> int:
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[offset], 0)
        offset += 1
    return offset
