"""A layer in a tuple beside the weight: it trains with the loss, and nobody steps or saves it.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn

SHARED = nn.Parameter(torch.ones(3))


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def forward(self, x):
        return x * self.weight * SHARED.to(x.device)


def build(device):
    return Scale().to(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
