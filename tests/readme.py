"""What is made from the rules: ``python -m tests.readme`` writes it anew.

The README's example and its table of rules, and the page on PyTorch's messages.
"""

from __future__ import annotations

from pathlib import Path

from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.documentation import fixes_page, in_markdown, messages_page
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.output import colour, render
from flake8_paramassign.rules import all_rules

README = Path(__file__).parent.parent / "README.md"
MESSAGES = README.parent / "docs" / "messages.md"
FIXES = README.parent / "docs" / "fixes.md"
EXAMPLE = """\
import torch
from torch import nn


class Policy(nn.Module):
    def __init__(self, n, device):
        super().__init__()
        self.sigma = nn.Parameter(torch.zeros(n)).to(device)
        self.heads = [nn.Linear(n, 2), nn.Linear(n, 2)]

    def forward(self, x):
        return [head(x) * self.sigma.exp().mean() for head in self.heads]
"""
"""``policy.py``, which is at the head of the README."""
_FIX = {"none": "", "display": "shown", "unsafe": "unsafe", "safe": "safe where proved"}


def table() -> str:
    """Every rule as a row, from what the rules say of themselves."""
    rows = ["| code | what happens | fix |", "|---|---|---|"]
    for code, rule in all_rules().items():
        anchor = f'<a id="{code.lower()}"></a>'
        opt_in = "" if rule.default() else " (opt-in)"
        claim = in_markdown(rule.claim)
        rows.append(f"| {anchor}{code} `{rule.name}`{opt_in} | {claim} | {_FIX[rule.fix]} |")
    return "\n".join(rows) + "\n"


def example() -> str:
    """The program, and what ``paramassign policy.py`` prints of it on a terminal."""
    findings = Checker(Configuration(), rewrite).check(EXAMPLE.encode(), "policy.py")
    printed = colour.plain(render("full", findings))
    return f"```python\n{EXAMPLE}```\n\n```\n$ paramassign policy.py\n{printed}```\n"


def replaced(text: str, name: str, content: str) -> str:
    """The text with other content between the marks of that name."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = text.partition(start)
    return before + start + content + end + rest.partition(end)[2]


def written() -> str:
    """The README with both as they have to be."""
    return replaced(replaced(README.read_text(), "rules", table()), "example", example())


if __name__ == "__main__":
    README.write_text(written())
    MESSAGES.write_text(messages_page())
    FIXES.write_text(fixes_page())
