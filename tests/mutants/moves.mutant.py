"""A plain tensor that forward computes with, and that stays where it was made.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0, device=device))
        self.steps = torch.arange(1.0, 4.0, device=device)

    def forward(self, x):
        return x * self.weight * self.steps


def build(device):
    return Scale(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
