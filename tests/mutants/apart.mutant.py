"""Two Parameters on one storage: a step moves both twice.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))
        self.other = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * self.weight + self.other


def build(device):
    model = Scale().to(device)
    model.other = nn.Parameter(model.weight.detach())
    return model


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
