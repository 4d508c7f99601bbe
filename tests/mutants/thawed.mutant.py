"""A frozen weight replaced by a Parameter that trains, as new ones do.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3), requires_grad=False)

    def forward(self, x):
        return x * self.weight


def build(device):
    model = Scale().to(device)
    model.weight = nn.Parameter(torch.full((3,), 2.0, device=device))
    return model


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
