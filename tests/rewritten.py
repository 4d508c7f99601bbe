"""Small programs with a finding, and what all fixes make of them."""

from __future__ import annotations

from pathlib import Path

from flake8_paramassign.diagnostics import Diagnostic
from flake8_paramassign.fixes.engine import analyze_with_fixes, fix_source
from flake8_paramassign.rules import all_rules, default_codes
from flake8_paramassign.settings import Settings

FIXTURES = Path(__file__).parent.parent / "fixtures"

SAFE = "safe"
UNSAFE = "unsafe"

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
import numpy as np


class Other(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))


"""
IN_INIT = """\
class Model(nn.Module):
    def __init__(self, n, m, x, d):
        super().__init__()
"""


def program(body: str) -> str:
    """A file with ``body``, which is the end of an ``__init__`` unless it begins a block."""
    if body.startswith(("class ", "def ", "layer ", "other ", "layer: ", "from ")):
        return HEAD + body + "\n"
    return HEAD + IN_INIT + "".join(f"        {line}\n" for line in body.splitlines())


def fixes(body: str, style: str = "data", rule: str | None = None) -> list[Diagnostic]:
    """The findings in ``body``: of the rules that are on by default, or of ``rule``."""
    settings = Settings(select=frozenset([rule]) if rule else None, style=style)
    return analyze_with_fixes(program(body).encode(), "x.py", settings=settings)


def rewritten(body: str, style: str = "data", rule: str | None = None) -> str:
    """``body`` with all its fixes."""
    return fixed(program(body).encode(), "x.py", style, rule).decode()


FC = "self.fc = nn.Linear(n, m)\n"
LAYER = "layer = nn.Linear(3, 4)\n"


def fixed(source: bytes, name: str = "x.py", style: str = "data", rule: str | None = None) -> bytes:
    """``source`` with all fixes made, the unsafe too."""
    settings = Settings(frozenset([rule]) if rule else rules_for(Path(name)), style=style)
    return fix_source(source, name, settings, unsafe_fixes=True).source


def rules_for(path: Path) -> frozenset[str]:
    """The rules that are on by default, and the opt-in rule in whose folder a fixture is."""
    folder = path.relative_to(FIXTURES).parts[0] if path.is_relative_to(FIXTURES) else ""
    return default_codes() | (all_rules().keys() & {folder.upper()})
