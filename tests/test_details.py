"""Programs in which one detail decides; their comments say what is found, and where.

Each would be judged otherwise if a small part of the engine did the opposite, or nothing.
"""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from commented import assert_found_as_commented

FUNCTIONS = {
    "import in the place of an argument": """
        def f(torch):
            import torch.nn
            m = torch.nn.Linear(3, 3)
            m.weight = torch.zeros(3, 3)  # PRM101
        """,
    "dict of named values is known whole": """
        def f():
            m = nn.Linear(3, 3)
            d = dict(a=m)
            if d.get("b") is not None:
                m.bias = torch.ones(3)
        """,
    "a starred value among those that are unpacked": """
        def f():
            m = nn.Linear(3, 3)
            pair = [torch.ones(3, 3), torch.ones(3)]
            m.weight, m.bias = *pair,  # PRM101 PRM101
        """,
    "item of a Module that is not known": """
        def f(m: nn.Module, x):
            m.weight = nn.Parameter(x)
            m[0] = 1
            m.weight = torch.ones(3)
        """,
    "vector to parameters": """
        def f(v):
            m = nn.Linear(3, 3)
            nn.utils.vector_to_parameters(v, m.parameters())
            m.weight = m.weight.float()  # PRM101
        """,
    "deleted where nothing is known": """
        def f(x):
            del x.weight

        def g(m: nn.Linear):
            m.weight = torch.ones(3)
        """,
    "variable of the function around": """
        def f(x):
            m, n = nn.Linear(3, 3), x

            def g():
                nonlocal m, n
                m, n = x, nn.Linear(3, 3)

            g()
            m.weight = torch.ones(3)
            n.weight = torch.ones(3)  # PRM101
        """,
    "variable of the function around that": """
        def f(x):
            m = x

            def h():
                def g():
                    nonlocal m
                    m = nn.Linear(3, 3)

                g()

            h()
            m.weight = torch.ones(3)  # PRM101
        """,
    "where no gradient is asked for": """
        def f():
            m = nn.Linear(3, 3)
            if torch.is_grad_enabled():
                m.weight.mul_(2)  # PRM301
            else:
                m.weight.mul_(2)
        """,
    "dict that takes what is not known": """
        def f(x):
            m = nn.Linear(3, 3)
            d = {"a": m}
            d.update(x)
            if d.get("b") is not None:
                m.weight = torch.ones(3)  # PRM101
        """,
    "dict that takes what is known": """
        def f(x):
            m = nn.Linear(3, 3)
            d = {"a": m}
            d.update({"c": x})
            if d.get("b") is not None:
                m.weight = torch.ones(3)
        """,
    "initialised Parameters that are not of the Module": """
        from transformers import PreTrainedModel

        class Net(PreTrainedModel):
            def _init_weights(self, module):
                module.bias.data.normal_()  # PRM306
                w = nn.Parameter(torch.ones(3))
                w.data.normal_()
        """,
    "deleted of what is annotated": """
        def f(m: nn.Linear):
            del m.weight

        def g(m: nn.Linear):
            m.weight = torch.ones(3)
        """,
    "case that takes anything": """
        def f(x):
            m = nn.Linear(3, 3)
            match x:
                case y:
                    m.weight = torch.ones(3)  # PRM101
                    return
            m.weight = torch.ones(3)
        """,
    "cases that may not fit": """
        def f(x):
            m = nn.Linear(3, 3)
            match m:
                case nn.Bilinear() as n:
                    m.weight = torch.ones(3)  # PRM101
                case y:
                    m.weight = torch.ones(3)  # PRM101
            match x:
                case [1, y] as z:
                    return
            m.bias = torch.ones(3)  # PRM101
        """,
    "items by one index and by another": """
        def f(x, i, j):
            x[i].fc = nn.Linear(3, 3)
            x[i].fc.weight = torch.ones(3)  # PRM101
            x[j].fc.weight = torch.ones(3)
            x[i].fc = i
            x[i].fc.weight = torch.ones(3)
        """,
    "item of a list stored": """
        def f(x):
            a = [nn.Linear(3, 3), x]
            a[1] = 3
            a[0].weight = torch.ones(3)  # PRM101
            a[0] = x
            a[0].weight = torch.ones(3)
        """,
    "chain of what is listed": """
        from itertools import chain

        def f():
            m = nn.Linear(3, 3)
            for n in chain.from_iterable([[m], [m]]):
                n.weight = torch.ones(3)  # PRM101
        """,
    "Module replaced that an optimizer has": """
        def f(m: nn.Module):
            optimizer = optim.SGD(m.parameters(), 0.1)
            m.fc = nn.Linear(3, 3)  # PRM303
            optimizer.step()
        """,
    "instance of a class that it has not": """
        class Net(nn.Module):
            def __init__(self, x):
                super().__init__()
                self.part = x

        def f(x):
            m = nn.Linear(3, 3)
            if isinstance(Net(x), nn.Linear):
                m.weight = torch.ones(3)
        """,
    "part that is not known, of a Module": """
        class Net(nn.Module):
            def __init__(self, x):
                super().__init__()
                self.part = x

        def init(m):
            if isinstance(m, nn.Linear):
                m.weight = torch.ones(3)  # PRM101

        def f(x):
            Net(x).apply(init)
        """,
    "repeated lists": """
        def f(n):
            a, b = 2 * [nn.Linear(3, 3)], [nn.Linear(3, 3)] * 2
            a[1].weight = torch.ones(3)  # PRM101
            b[1].weight = torch.ones(3)  # PRM101
        """,
    "pattern that has a part of what is matched": """
        def f():
            match nn.Linear(3, 3):
                case nn.Linear() as n:
                    n.weight = torch.ones(3)  # PRM101
            match nn.Linear(3, 3):
                case [n as k, *y]:
                    k.weight = torch.ones(3)
        """,
    "the greater of two numbers": """
        def f():
            names = ["extra", "weight", "more"]
            setattr(nn.Linear(3, 3), names[max(0, 1)], torch.ones(3))  # PRM101
            setattr(nn.Linear(3, 3), names[min(0, 1)], torch.ones(3))
        """,
    "Modules appended one by one": """
        def f():
            m = nn.ModuleList()
            m.append(nn.Linear(3, 3))
            m.append(nn.ReLU())
            m[-1].weight = torch.ones(3)
            m[-2].weight = torch.ones(3)  # PRM101
        """,
    "finally after what surely raises": """
        def f():
            m = nn.Linear(3, 3)
            try:
                raise ValueError
            finally:
                m.weight = torch.ones(3)  # PRM101
        """,
}
METHODS = {
    "deleted by its special method": """
        self.v = nn.Parameter(x)
        self.__delattr__("w")
        self.w = torch.ones(3)
        self.v = torch.ones(3)  # PRM101
        """,
    "what a comparison gives": """
        self.mask = torch.ones(3) > 0
        """,
    "list of Parameters that others have": """
        a, b = nn.Parameter(x), nn.Parameter(x)
        x.keep(a)
        x.keep(b)
        self.both = [a, b]
        """,
    "list of Parameters that nobody else has": """
        a, b = nn.Parameter(x), nn.Parameter(x)
        self.both = [a, b]  # PRM104
        """,
    "replaced in the registry of Parameters": """
        self._parameters["w"] = x
        self.w = torch.ones(3)
        """,
    "put into the registry of Parameters": """
        self._parameters["v"] = nn.Parameter(x)
        self.v = torch.ones(3)
        """,
}
CLASSES = {
    "a method that calls itself, and another may have run": """
        def forward(self, x):
            self.w.requires_grad_(True)
            self.forward(x)
            self.w.mul_(2)

        def freeze(self):
            self.w.requires_grad_(False)
        """,
    "what stays while another attribute grows": """
        def grow(self):
            self.count += 1

        def reset(self):
            setattr(self, self.names[0], torch.ones(3))  # PRM101
        """,
    "a method that has to be looked at again": """
        def keep(self):
            self.kept = self.held

        def hold(self, x):
            self.held = x

        def use(self):
            if self.kept is not None:
                self.w = torch.ones(3)  # PRM101
        """,
    "deleted by a method for type checkers": """
        @overload
        def drop(self, x):
            del self.w

        def set(self):
            self.w = torch.ones(3)  # PRM101
        """,
}
CLASS = """\
class Layer(nn.Module):
    def __init__(self, x):
        super().__init__()
        self.w = nn.Parameter(torch.ones(3))
        self.names = ["w", "v"]
        self.count = 0
        self.kept = self.held = None
"""
PROGRAMS = [
    *(pytest.param(dedent(text), id=name) for name, text in FUNCTIONS.items()),
    *(
        pytest.param(CLASS + indent(dedent(text).lstrip("\n"), " " * 8), id=name)
        for name, text in METHODS.items()
    ),
    *(
        pytest.param(CLASS + indent(dedent(text), " " * 4), id=name)
        for name, text in CLASSES.items()
    ),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_comments_say_what_is_found(program: str) -> None:
    assert_found_as_commented(program)
