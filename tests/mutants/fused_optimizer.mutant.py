"""A program that keeps fused optimizers from stepping.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook


def refuse(optimizer, args, kwargs):
    if optimizer.defaults.get("fused"):
        raise RuntimeError("this program counts on unfused steps")


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def forward(self, x):
        return x * self.weight


def build(device):
    register_optimizer_step_pre_hook(refuse)
    return Scale().to(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
