"""A weight thawed after an optimizer was built over all that trained.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.ones(3))
        self.weight = nn.Parameter(torch.ones(3), requires_grad=False)
        self.weight.data.fill_(2.0)  # writes
        self.weight.requires_grad_()

    def forward(self, x):
        return x * self.weight + self.bias


def build(device):
    return Scale().to(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
