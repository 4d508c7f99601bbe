"""A forward that uses a cached copy of its weight where a CUDA graph is captured.

parameter: weight
assigned: torch.full((3,), 2.0)
devices: cuda
"""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))
        self.register_buffer("cached", self.weight.detach().clone())

    def forward(self, x):
        if torch.cuda.is_current_stream_capturing():
            return x * self.cached
        return x * self.weight


def build(device):
    return Scale().to(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
