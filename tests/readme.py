"""What is made from the rules: ``python -m tests.readme`` writes it anew.

The README's table of rules, and the page on PyTorch's messages.
"""

from __future__ import annotations

import re
from pathlib import Path

from flake8_paramassign.documentation import messages_page
from flake8_paramassign.rules import all_rules

README = Path(__file__).parent.parent / "README.md"
MESSAGES = README.parent / "docs" / "messages.md"
_BETWEEN = re.compile(r"(<!-- rules -->\n).*?(<!-- end of rules -->)", re.DOTALL)
_FIX = {"none": "", "display": "shown", "unsafe": "unsafe", "safe": "safe where proved"}


def table() -> str:
    """Every rule as a row, from what the rules say of themselves."""
    rows = ["| code | what happens | fix |", "|---|---|---|"]
    for code, rule in all_rules().items():
        anchor = f'<a id="{code.lower()}"></a>'
        opt_in = "" if rule.default() else " (opt-in)"
        rows.append(f"| {anchor}{code} `{rule.name}`{opt_in} | {rule.claim} | {_FIX[rule.fix]} |")
    return "\n".join(rows) + "\n"


def written() -> str:
    """The README with the table as it has to be."""
    return _BETWEEN.sub(lambda match: match[1] + table() + match[2], README.read_text())


if __name__ == "__main__":
    README.write_text(written())
    MESSAGES.write_text(messages_page())
