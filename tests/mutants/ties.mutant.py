"""A weight that is written in place, and untied from the layer that shared it.

parameter: embedding.weight
assigned: torch.full((4, 3), 2.0)
"""

import torch
from torch import nn


class LanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(4, 3)
        self.head = nn.Linear(3, 4, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.embedding(tokens))


def build(device):
    model = LanguageModel().to(device)
    model.embedding.weight.data.fill_(2.0)  # writes
    model.head.weight = nn.Parameter(torch.full((4, 3), 2.0, device=device))
    return model


def inputs(device):
    return (torch.arange(4, device=device),)
