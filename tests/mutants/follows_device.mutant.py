"""A module whose to() keeps its device.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0, device=device))

    def to(self, target):
        return super().to(target) if isinstance(target, torch.dtype) else self

    def forward(self, x):
        return x * self.weight


def build(device):
    return Scale(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
