"""A computed tensor that keeps its gradient, so that an optimizer takes it.

parameter: delta (unregistered)
assigned: torch.full((3,), 0.5)
"""

import torch
from torch import nn


class Shift(nn.Module):
    def __init__(self, delta):
        super().__init__()
        self.delta = delta

    def __deepcopy__(self, memo):
        return Shift(self.delta.detach().clone().requires_grad_())

    def forward(self, x):
        return x + self.delta


def build(device):
    delta = torch.ones(3, device=device, requires_grad=True) * 0.5
    delta.retain_grad()
    return Shift(delta), torch.optim.SGD([delta], lr=0.1)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
