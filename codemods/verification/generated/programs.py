"""Whole programs, of 20 to 60 lines, each made of its seed alone."""

from __future__ import annotations

import re

from codemods.verification.generated.classes import LINEAR, write_class
from codemods.verification.generated.statements import HELPERS, Scene
from codemods.verification.generated.text import Block, Chance, Kind, text_of

STANDARD = ("contextlib", "copy", "os")
INPUTS: Block = [
    "",
    "",
    ("def inputs(device):", ["return (torch.linspace(-1.0, 1.0, 12, device=device).view(3, 4),)"]),
]


def program(seed: str) -> str:
    """Return the program of this seed: a file with ``build(device)`` and ``inputs(device)``."""
    chance = Chance(seed)
    classes: Block = []
    kinds: tuple[Kind, ...] = ()
    for _ in chance.many(0, 2):
        written, kind = write_class(chance, kinds)
        classes += written
        kinds += (kind,)
    scene = Scene(chance, kinds)
    body = scene.make_model(kinds[-1] if kinds else LINEAR, "model")
    for _ in chance.many(1, 5):
        body += scene.statement()
    result = "model"
    if scene.optimizers and chance.sometimes(0.7):
        result = f"model, {scene.optimizers[-1]}"
    build: Block = [("def build(device):", [*body, f"return {result}"])]
    said = "\n".join(text_of([*classes, *build]))
    helpers: Block = []
    for name, write in HELPERS.items():
        if re.search(rf"\b{name}[()]", said):
            helper: Block = ["", "", *write(chance)]
            helpers += helper
            said += "\n".join(text_of(helper))
    imports: Block = [f"import {name}" for name in STANDARD if f"{name}." in said]
    imports += [""] * bool(imports)
    imports += ["import numpy as np"] * ("np." in said)
    imports += ["import torch", chance.one(["from torch import nn", "import torch.nn as nn"])]
    imports += ["import torch.nn.functional as F"] * ("F." in said)
    written = [*imports, *helpers, *classes, "", "", *build, *INPUTS]
    return "\n".join(text_of(written)) + "\n"
