"""A frozen weight that the program's optimizer decays.

parameter: weight (frozen)
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0), requires_grad=False)
        self.bias = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * self.weight + self.bias


class DecayingSGD(torch.optim.SGD):
    @torch.no_grad()
    def step(self, closure=None):
        super().step(closure)
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.mul_(0.9)


def build(device):
    model = Scale().to(device)
    return model, DecayingSGD(model.parameters(), lr=0.1)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
