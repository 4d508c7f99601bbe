"""On what terms each rewrite is made: one table, which ``docs/fixes.md`` shows.

A rewrite is *refused* where the answer to one of its first questions is yes, as what it makes would
be wrong. It is *safe* where the answer to each of the others is yes, and else unsafe: the fix says
what is not proved. Some are never safe, and say why. Besides, a rewrite is refused where the
statement leaves no room for it; what is in the way then is the reason.
"""

from __future__ import annotations

from typing import Any

from flake8_paramassign.fixes.rewrites.terms.questions import Terms
from flake8_paramassign.fixes.rewrites.terms.values import (
    FILLED,
    HELD_IN_A_MODULE,
    KEPT_INTEGERS,
    LEAF_MADE_LAST,
    MADE_A_LIST,
    MADE_A_PARAMETER,
    MOVED_INSIDE,
    MOVED_ONTO_SLOT,
    REPLACED,
)
from flake8_paramassign.fixes.rewrites.terms.writes import (
    COPIED_INTO,
    DATA_COPIED,
    DONE_WITHOUT_GRAD,
    FLAG_ASKED,
    FROZEN,
    INIT_GUARDED,
    KEPT_FROZEN,
    LOADED_IN_PLACE,
    REGISTERED_AS_BUFFER,
    STEPPED,
    TIED_OR_COPIED,
    WITHOUT_DATA,
    WRITTEN_THROUGH,
)

TABLE: tuple[Terms[Any], ...] = (
    FILLED, REPLACED, MOVED_ONTO_SLOT, MOVED_INSIDE, MADE_A_PARAMETER, HELD_IN_A_MODULE,
    LEAF_MADE_LAST, KEPT_INTEGERS, MADE_A_LIST, STEPPED, WRITTEN_THROUGH, FROZEN,
    DONE_WITHOUT_GRAD, COPIED_INTO, LOADED_IN_PLACE, KEPT_FROZEN, FLAG_ASKED, TIED_OR_COPIED,
    INIT_GUARDED, DATA_COPIED, WITHOUT_DATA, REGISTERED_AS_BUFFER,
)  # fmt: skip
"""All of them, in the order of their rules."""
