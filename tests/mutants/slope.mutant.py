"""An autograd Function whose backward is twice the derivative of its forward.

parameter: weight
assigned: torch.full((3,), 2.0)
"""

import torch
from torch import nn


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x)
        return x * weight

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return None, 2 * (grad * x).sum(0)


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def forward(self, x):
        return Product.apply(x, self.weight)


def build(device):
    return Scale().to(device)


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 6, device=device).view(2, 3),)
