"""A weight that named_parameters() leaves out where tied parameters are asked for by each name.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        if remove_duplicate:
            yield from super().named_parameters(prefix, recurse)

    def forward(self, x):
        return x * self.weight


def build(device):
    return Scale().to(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
