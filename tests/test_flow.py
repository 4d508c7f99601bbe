"""What the interpreter follows: each program's comments say what is found, and where.

A line ending in ``# PRM101`` is found under that code; every other line is not.
"""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from commented import assert_found_as_commented

# Method bodies of a class deriving from nn.Module, after `super().__init__()`.
CONSTRUCTION = {
    "plain": "self.w = nn.Parameter(x)",
    "converted": "self.w = nn.Parameter(x).to(device)  # PRM102",
    "converted to where it is": "self.w = nn.Parameter(x.to(device)).to(device)",
    "converted to where it was made": """
        self.w = nn.Parameter(torch.zeros(3, device=device)).to(device)
        """,
    "converted to where its operand is": "self.w = nn.Parameter(x[0]).to(x.device)",
    "default dtype": "self.w = nn.Parameter(torch.zeros(3)).float()",
    "contiguous": "self.w = nn.Parameter(x).contiguous()",
    "returns itself": "self.w = nn.Parameter(x).requires_grad_(False)",
    "initialised": "self.w = nn.init.zeros_(nn.Parameter(torch.empty(3)))",
    "through a local": """
        p = nn.Parameter(x)
        p = p * 2
        self.w = p  # PRM102
        """,
    "overwritten local": """
        p = nn.Parameter(x) * 2
        p = nn.Parameter(x)
        self.w = p
        """,
    "one branch": """
        if device:
            p = nn.Parameter(x).to(device)
        else:
            p = nn.Parameter(x)
        self.w = p  # PRM102
        """,
    "walrus": "self.w = (p := nn.Parameter(x)) * 2  # PRM102",
    "conditional expression": """
        self.w = nn.Parameter(x) if device else nn.Parameter(x).t()  # PRM102
        """,
    "tuple": "self.a, self.b = nn.Parameter(x), nn.Parameter(x).half()  # PRM102",
    "chained": "self.a = self.b = nn.Parameter(x).t()  # PRM102 PRM102",
    "annotated": "self.w: nn.Parameter = nn.Parameter(x).cuda()  # PRM102",
    "constant setattr": 'setattr(self, "w", nn.Parameter(x).t())  # PRM102',
    "numbered setattr": """
        for i in range(3):
            setattr(self, f"w{i}", nn.Parameter(x).t())  # PRM102
        """,
    "registered twice": """
        self.w = nn.Parameter(x)
        self.w = x * 2.0
        self.w = torch.zeros(3)  # PRM101
        """,
    "registered in one branch": """
        if device:
            self.w = nn.Parameter(x)
        self.w = torch.zeros(3)
        """,
    "registered in both branches": """
        if device:
            self.w = nn.Parameter(x)
        else:
            self.register_parameter("w", None)
        self.w = torch.zeros(3)  # PRM101
        """,
    "correlated flags": """
        if device:
            self.w = nn.Parameter(x)
        if not device:
            self.w = torch.zeros(3)
        """,
    "registered in a loop": """
        for i in range(2):
            self.w = nn.Parameter(x)
        self.w = torch.zeros(3)  # PRM101
        """,
    "second round of a loop": """
        for name in device:
            self.w = torch.zeros(3)
            self.w = nn.Parameter(self.w)
        """,
    "a None slot": """
        self.fc = nn.Linear(3, 3, bias=False)
        self.fc.bias = torch.zeros(3)  # PRM101
        """,
    "None": """
        self.w = nn.Parameter(x)
        self.w = None
        """,
    "deleted": """
        self.w = nn.Parameter(x)
        del self.w
        self.w = torch.zeros(3)
        """,
    "unregistered by name": """
        self.w = nn.Parameter(x)
        del self._parameters["w"]
        self.w = torch.zeros(3)
        """,
    "unregistered by an unknown name": """
        self.w = nn.Parameter(x)
        del self._parameters[device]
        self.w = torch.zeros(3)
        """,
    "buffer": """
        self.register_buffer("w", x)
        self.w = torch.zeros(3)
        """,
    "unknown value": """
        self.w = nn.Parameter(x)
        self.w = device.make()
        """,
    "tied": """
        self.a = nn.Linear(3, 3)
        self.b = nn.Linear(3, 3)
        self.b.weight = self.a.weight
        """,
    "part of a list": """
        self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(2)])
        self.layers[0].weight = torch.zeros(3, 3)  # PRM101
        """,
    "part of a sequence": """
        self.net = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
        self.net[0].weight = torch.zeros(3, 3)  # PRM101
        """,
    "loop over parts": """
        self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(2)])
        for layer in self.layers:
            layer.bias = torch.zeros(3)  # PRM101
        """,
    "in-place matmul": """
        self.w = nn.Parameter(x)
        with torch.no_grad():
            self.w += 1
            self.w @= torch.eye(3)  # PRM101
        """,
    "unreachable": """
        self.w = nn.Parameter(x)
        if False:
            self.w = torch.zeros(3)
        return
        self.w = torch.zeros(3)
        """,
    "after raise": """
        self.w = nn.Parameter(x)
        if device:
            raise ValueError
            self.w = torch.zeros(3)
        """,
    "expected error": """
        self.w = nn.Parameter(x)
        try:
            self.w = torch.zeros(3)
        except TypeError:
            self.w = nn.Parameter(torch.zeros(3))
        """,
    "swallowed error": """
        self.w = nn.Parameter(x)
        try:
            self.w = torch.zeros(3)  # PRM101
        except TypeError:
            pass
        """,
    "narrowed by isinstance": """
        self.w = device
        if isinstance(self.w, nn.Parameter):
            self.w = torch.zeros(3)  # PRM101
        """,
    "narrowed by hasattr": """
        self.w = nn.Parameter(x)
        if not hasattr(self, "w"):
            self.w = torch.zeros(3)
        """,
    "narrowed by the registry": """
        self.load(device)
        if "w" in self._parameters:
            self.w = torch.zeros(3)  # PRM101
        """,
    "weight-normed": """
        self.fc = nn.Linear(3, 3)
        nn.utils.weight_norm(self.fc)
        self.fc.weight = torch.zeros(3, 3)  # PRM204
        """,
    "trainable tensor": "self.w = torch.zeros(3, requires_grad=True)  # PRM103",
    "trainable in place": """
        w = torch.zeros(3)
        w.requires_grad_()
        self.w = w  # PRM103
        """,
    "trainable by attribute": """
        w = torch.zeros(3)
        w.requires_grad = True
        self.w = w  # PRM103
        """,
    "trainable and moved": "self.w = torch.zeros(3, requires_grad=True).to(device)  # PRM103",
    "constant": "self.w = torch.zeros(3)",
    "given to its own optimizer": """
        self.w = torch.zeros(3, requires_grad=True)
        self.optimizer = optim.Adam([self.w])
        """,
    "list of parameters": "self.ws = [nn.Parameter(x) for _ in range(3)]  # PRM104",
    "filled list": """
        self.ws = []  # PRM104
        for i in range(3):
            self.ws.append(nn.Parameter(x))
        """,
    "list registered by name": """
        self.ws = []
        for i in range(3):
            p = nn.Parameter(x)
            self.register_parameter(f"w{i}", p)
            self.ws.append(p)
        """,
    "wrapped list": """
        self.ws = []
        for i in range(3):
            self.ws.append(nn.Parameter(x))
        self.ws = nn.ParameterList(self.ws)
        """,
    "list of modules": "self.blocks = [nn.Linear(3, 3), nn.Linear(3, 3)]  # PRM105",
    "list in a local": """
        blocks = []
        for i in range(3):
            blocks.append(nn.Linear(3, 3))
        self.blocks = blocks  # PRM105
        """,
    "sequence of a list": """
        self.blocks = [nn.Linear(3, 3), nn.Linear(3, 3)]
        self.net = nn.Sequential(*self.blocks)
        """,
    "modules added by name": """
        self.blocks = []
        for i in range(3):
            block = nn.Linear(3, 3)
            self.add_module(f"block{i}", block)
            self.blocks.append(block)
        """,
    "hidden on purpose": "self.teacher = [nn.Linear(3, 3)]",
    "nothing to lose": "self.activations = [nn.ReLU(), nn.Tanh()]",
    "dropouts": "self.dropouts = [nn.Dropout(0.1), nn.Dropout(0.2)]  # PRM105",
    "list of registered ones": """
        self.a = nn.Linear(3, 3)
        self.b = nn.Linear(3, 3)
        self.both = [self.a, self.b]
        """,
    "integers": "self.w = nn.Parameter(torch.arange(3))  # PRM108",
    "frozen integers": "self.w = nn.Parameter(torch.arange(3), requires_grad=False)",
    "integers converted": "self.w = nn.Parameter(torch.arange(3).float())",
    "integers divided": "self.w = nn.Parameter(torch.arange(3) / 3)",
    "literals": "self.w = nn.Parameter(torch.tensor([1, 2, 3]))  # PRM108",
    "literals with a float": "self.w = nn.Parameter(torch.tensor([1, 2.0, 3]))",
}

FORWARD = {
    "cache": "self.scaled = self.w * 2",
    "over a Parameter": "self.w = self.w * 2  # PRM101",
    "normalised": "self.w = F.normalize(self.w)  # PRM101",
    "over a part's Parameter": "self.fc.weight = self.fc.weight / 2  # PRM101",
    "over a buffer": "self.mean = x.mean()",
    "lazily": """
        if self.lazy is None:
            self.lazy = nn.Parameter(x)
        """,
}

FUNCTIONS = {
    "tuple put into itself": """
        def f(n):
            size = 3
            for _ in range(n):
                size = (size, 2)
            layer = nn.Linear(3, 3)
            layer.weight = torch.zeros(size)  # PRM101
        """,
    "stock layer": """
        def f(t):
            layer = nn.Linear(3, 3)
            layer.weight = torch.zeros(3, 3)  # PRM101
            layer.weight = t
            layer.weight = layer.weight
            layer.weight = nn.Parameter(torch.zeros(3, 3))
        """,
    "loss": """
        def f():
            loss = nn.CrossEntropyLoss()
            loss.weight = torch.ones(3)
        """,
    "unknown model": """
        def f(model):
            model.fc.bias = torch.zeros(3)
            model.scale = torch.zeros(3)
            model.fc.weight = compute()
        """,
    "context": """
        class Function(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.weight = torch.zeros(3)
        """,
    "annotated": """
        def f(layer: nn.Linear, other: int, maybe: "nn.LayerNorm"):
            layer.weight = torch.zeros(3)  # PRM101
            other.weight = 3
            maybe.weight = 3  # PRM101
        """,
    "isinstance": """
        def f(model):
            for m in model.modules():
                if isinstance(m, (nn.Linear, nn.Conv2d)):
                    m.weight = 0.5  # PRM101
                elif type(m) is nn.LayerNorm:
                    m.weight = 1.0  # PRM101
                elif isinstance(m, nn.CrossEntropyLoss):
                    m.weight = torch.ones(3)
        """,
    "no torch layer": """
        class Batch:
            def __init__(self):
                self.weight = torch.zeros(3)
                self.weight = self.weight / 2

        def f():
            batch = Batch()
            batch.weight = torch.zeros(3)
        """,
    "layer of a class that cannot be seen": """
        from elsewhere import QuantizedLinear, make_linear

        def f(a, b):
            layer = QuantizedLinear(4, 128)
            layer.bias = torch.cat([a.bias, b.bias])
            layer = make_linear(4, 128)
            layer.bias = torch.cat([a.bias, b.bias])
        """,
    "long elif chain": "def f(m: nn.Linear, k):\n    if k == 0:\n        pass\n"
    + "".join(f"    elif k == {i}:\n        pass\n" for i in range(1, 400))
    + "    else:\n        m.weight = 1.0  # PRM101\n",
    "long sum": "def f(m: nn.Linear):\n    m.weight = "
    + " + ".join(["torch.ones(3)"] * 900)
    + "  # PRM101\n",
    "optimised non-leaf": """
        def f(device):
            x = torch.zeros(3, requires_grad=True).to(device)  # PRM106
            y = torch.zeros(3).to(device).requires_grad_()
            return optim.Adam([x, y])
        """,
    "optimised group": """
        def f():
            x = torch.zeros(3, requires_grad=True) * 2  # PRM106
            return optim.SGD([{"params": [x], "lr": 1.0}])
        """,
    "other library": """
        import mlx.nn as nn

        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.zeros(3)).to("cuda")
                self.weight = torch.zeros(3)
        """,
    "shadowed": """
        def f(nn):
            layer = nn.Linear(3, 3)
            layer.scale = nn.Parameter(torch.zeros(3)) * 2
        """,
    "aliases": """
        import torch as T
        from torch.nn import Module as M, Parameter as P

        class Layer(M):
            def __init__(self):
                super().__init__()
                self.w = P(T.zeros(3)) * 2  # PRM102
        """,
    "before init": """
        class Layer(nn.Module):
            def __init__(self):
                self.size = 3
                self.table = torch.zeros(3)
                self.fc = nn.Linear(3, 3)  # PRM107
                super().__init__()
                self.out = nn.Linear(3, 3)
        """,
    "base init by name": """
        class Layer(nn.Module):
            def __init__(self):
                nn.Module.__init__(self)
                self.fc = nn.Linear(3, 3)
        """,
    "unknown base": """
        from elsewhere import Base

        class Layer(Base):
            def __init__(self):
                self.fc = nn.Linear(3, 3)
                super().__init__()
                self.w = nn.Parameter(torch.zeros(3))
                self.w = torch.zeros(3)
        """,
    "inherited": """
        class Base(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.zeros(3))

        class Child(Base):
            def forward(self, x):
                self.w = self.w * 2  # PRM101
        """,
    "own setattr": """
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.zeros(3))
                self.w = torch.zeros(3)

            def __setattr__(self, name, value):
                if isinstance(value, torch.Tensor):
                    value = nn.Parameter(value)
                super().__setattr__(name, value)
        """,
    "delegating setattr": """
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.zeros(3))
                self.w = torch.zeros(3)  # PRM101

            def __setattr__(self, name, value):
                super().__setattr__(name, value)
        """,
    "nested function": """
        def outer(device):
            def inner(layer):
                if isinstance(layer, nn.Linear):
                    layer.weight = torch.zeros(3)  # PRM101
            return inner
        """,
    "method that only init calls": """
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.build()

            def build(self):
                self.w = torch.zeros(3)
                self.w = nn.Parameter(self.w)
        """,
    "method that others call": """
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.zeros(3))

            def reset(self):
                self.w = torch.zeros(3)  # PRM101
        """,
    "match": """
        def f(kind, m: nn.Linear):
            match kind:
                case "a":
                    m.weight = torch.zeros(3)  # PRM101
                case _:
                    pass
        """,
    "in place, if it can": """
        def rescale(conv, s):
            std = conv.weight.std().detach()
            with torch.no_grad():
                conv.weight /= (std / s) ** 0.5
        """,
}


def as_construction(body: str) -> str:
    return (
        "class Layer(nn.Module):\n    def __init__(self, x, device):\n        super().__init__()\n"
        + indent(dedent(body).strip("\n"), " " * 8)
        + "\n"
    )


def as_forward(body: str) -> str:
    return (
        dedent("""\
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.zeros(3))
                self.fc = nn.Linear(3, 3)
                self.register_buffer("mean", torch.zeros(3))
                self.lazy = None

            def forward(self, x):
        """)
        + indent(dedent(body).strip("\n"), " " * 8)
        + "\n"
    )


PROGRAMS = [
    *(pytest.param(as_construction(b), id=f"init: {n}") for n, b in CONSTRUCTION.items()),
    *(pytest.param(as_forward(b), id=f"forward: {n}") for n, b in FORWARD.items()),
    *(pytest.param(dedent(b), id=n) for n, b in FUNCTIONS.items()),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_comments_say_what_is_found(program: str) -> None:
    assert_found_as_commented(program)
