"""A tensor that a module refuses, and a program that goes on with the old value.

parameter: weight
"""

from contextlib import suppress

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def forward(self, x):
        return x * self.weight


def build(device):
    model = Scale().to(device)
    with suppress(TypeError):
        model.weight = torch.ones(3, device=device)
    return model


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
