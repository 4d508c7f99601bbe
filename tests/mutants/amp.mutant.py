"""A forward that uses a detached copy of its weight under autocast.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))
        self.bias = nn.Parameter(torch.ones(3))

    def forward(self, x):
        weight = self.weight
        if torch.is_autocast_enabled(x.device.type):
            weight = weight.detach().bfloat16()
        return x * weight + self.bias


def build(device):
    return Scale().to(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
