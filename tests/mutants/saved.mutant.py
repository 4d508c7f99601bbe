"""A weight that is left out of state_dict().

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def state_dict(self, *args, **kwargs):
        state = super().state_dict(*args, **kwargs)
        state.pop("weight", None)
        return state

    def forward(self, x):
        return x * self.weight


def build(device):
    return Scale().to(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
