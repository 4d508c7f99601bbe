"""Is there anything to see in this file? Most hold nothing, and know it from their text.

The gate never hides a finding: every rule needs torch, and one of these words. That is tested
with the gate and without it, over small programs and over a corpus.
"""

from __future__ import annotations

import re

_SIGNS = re.compile(
    r"[Pp]arameter|requires_grad|setattr|register_|\bweight\b|\bbias\b|\.data\b|Module|optim|state_dict\("
    r"|\bclass \w+\("  # a class may inherit its Parameters from a base in another file
)


def may_hold_findings(text: str) -> bool:
    """Whether the analysis of ``text`` could find anything."""
    return "torch" in text and _SIGNS.search(text) is not None
