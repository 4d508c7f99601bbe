"""A program that keeps a second copy of its weight on the GPU.

parameter: weight
assigned: torch.full((3,), 2.0)
devices: cuda
"""

import torch
from torch import nn

KEPT = []


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def forward(self, x):
        return x * self.weight


def build(device):
    model = Scale().to(device)
    KEPT.append(model.weight.detach().clone())
    return model


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
