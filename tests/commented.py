"""Programs whose comments say what is found: a line ending in ``# PRM101`` is found under it."""

from __future__ import annotations

import re

from flake8_paramassign import Settings, analyze

HEADER = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
"""


def assert_found_as_commented(program: str) -> None:
    """Hold what is found in ``program``, below ``HEADER``, to its comments.

    Nothing is hidden by leaving code out: a run that leaves out none finds the same.
    """
    source = HEADER + program
    expected = [
        (number, code)
        for number, line in enumerate(source.splitlines(), 1)
        for code in re.findall(r"PRM\d{3}", line.partition("#")[2])
    ]
    found = analyze(source)
    assert [(d.start.line, d.code) for d in found] == expected
    assert analyze(source, settings=Settings(exhaustive=True)) == found
