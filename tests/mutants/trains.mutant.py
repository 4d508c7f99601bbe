"""A weight that the program's optimizer does not know.

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
        return x * self.weight + self.bias


def build(device):
    model = Scale().to(device)
    return model, torch.optim.SGD([model.bias], lr=0.1)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
