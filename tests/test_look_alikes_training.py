"""What is trained, frozen and optimised as if by mistake, beside the like of it that is one.

Each program is of a kind that was once judged wrongly, or missed. Its comments say what is found:
a line ending in ``# PRM101`` is found under that code; every other line is not.
"""

from __future__ import annotations

from textwrap import dedent

import pytest
from commented import assert_found_as_commented

LOOK_ALIKES = {
    "constant that a step makes": """
        class Sum(nn.Module):
            def __init__(self):
                super().__init__()
                self.second = nn.Conv1d(8, 1, 1, bias=False)
                self.third = nn.Conv1d(8, 1, 1, bias=False)

            def forward(self, x):
                self.conv = nn.Conv1d(8, 1, 1, bias=False)
                self.conv.weight = nn.Parameter(torch.ones(1, 8, 1))
                for param in self.conv.parameters():
                    param.requires_grad = False
                self.second.weight = nn.Parameter(torch.ones(1, 8, 1))
                self.second.requires_grad_(False)
                self.third.weight = nn.Parameter(torch.ones(1, 8, 1))  # PRM302
                return self.third(self.second(self.conv(x)))
        """,
    "put back by a context": """
        import contextlib

        @contextlib.contextmanager
        def temporarily(module, name, value):
            old = getattr(module, name)
            setattr(module, name, value)
            try:
                yield module
            finally:
                setattr(module, name, old)

        class Temporarily:
            def __init__(self, module, name, value):
                self.module, self.name, self.value = module, name, value

            def __enter__(self):
                self.old = getattr(self.module, self.name)
                setattr(self.module, self.name, self.value)

            def __exit__(self, *a):
                setattr(self.module, self.name, self.old)

        def main(x, how):
            net, other = nn.Linear(3, 3), nn.Linear(3, 3)
            opt = optim.SGD([*net.parameters(), *other.parameters()], 0.1)
            other.weight = nn.Parameter(torch.zeros(3, 3))  # PRM303
            for _ in range(2):
                with how(net, "weight", nn.Parameter(torch.zeros(3, 3))), torch.no_grad():
                    net(x)
                net(x).sum().backward()
                opt.step()

        main(torch.ones(1, 3), temporarily)
        main(torch.ones(1, 3), Temporarily)
        """,
    "flag beside what freezes": """
        def loop(net: nn.Linear, other: nn.Linear):
            net.requires_grad = False
            other.requires_grad = False  # PRM203
            for p in net.parameters():
                p.requires_grad = False

        def before(net: nn.Linear):
            net.requires_grad_(False)
            net.requires_grad = False
        """,
    "optimizer that trains no more": """
        import contextlib

        def saved(net: nn.Linear, x):
            opt = optim.SGD(net.parameters(), 0.1)
            net(x).sum().backward()
            opt.step()
            opt.zero_grad()
            net.weight = nn.Parameter(torch.zeros(2, 3))
            torch.save({"net": net.state_dict(), "opt": opt.state_dict()}, "file")

        def raises(net: nn.Linear, x):
            opt = optim.SGD(net.parameters(), 0.1)
            with contextlib.suppress(TypeError):
                net.weight = nn.Parameter(torch.zeros_like(x))
            opt.step()

        def goes_on(net: nn.Linear, x):
            opt = optim.SGD(net.parameters(), 0.1)
            net.weight = nn.Parameter(torch.zeros(2, 3))  # PRM303
            opt.step()
        """,
    "Parameter that a step makes and trains": """
        class Prompted(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = nn.Linear(3, 3).requires_grad_(False)
                self.prompt = nn.Parameter(torch.zeros(3))
                self.lost = nn.Parameter(torch.zeros(3))

            def forward(self, x):
                self.prompt = nn.Parameter(torch.zeros(3))
                self.lost = nn.Parameter(torch.zeros(3))  # PRM302
                opt = optim.SGD([self.prompt], 0.1)
                self.net(x + self.prompt).pow(2).sum().backward()
                opt.step()
                return self.net(x + self.prompt + self.lost)
        """,
    "flag of a Module without Parameters": """
        class Policy(nn.Module):
            def __init__(self):
                super().__init__()
                self.activation = nn.LeakyReLU()
                self.activation.requires_grad = True
                self.norm = nn.LayerNorm(3)
                self.norm.requires_grad = False  # PRM203
                self.body = nn.Sequential(nn.ReLU())
                self.body.requires_grad = False  # PRM203
        """,
    "copy that is not to be trained": """
        import copy

        def main(x):
            net = nn.Sequential(nn.Linear(3, 3))
            opt = optim.SGD(net.parameters(), 0.1)
            net.target = copy.deepcopy(net[0])
            net.other = nn.Linear(3, 3)  # PRM303
            net.online = net[0]
            net.online = copy.deepcopy(net.online)  # PRM303
            net(x).sum().backward()
            opt.step()
        """,
    "Parameter that the first batch gives": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.ones(1))
                self.register_buffer("ready", torch.tensor(0))

            def forward(self, x):
                if self.ready.item() == 0:
                    self.scale = nn.Parameter(x.detach().std().reshape(1))
                    self.ready.fill_(1)
                return x * self.scale

        net = Net()
        net(torch.randn(4))
        opt = optim.SGD(net.parameters(), 0.1)
        net(torch.randn(4)).sum().backward()
        opt.step()
        """,
    "flag of Modules that other code reads": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
                self.a.requires_grad = False

        def collect(model):
            return [m for m in model.children() if getattr(m, "requires_grad", True)]
        """,
    "flag of Parameters that other code reads": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Linear(3, 3)
                self.a.requires_grad = False  # PRM203

        def collect(model):
            return [p for p in model.parameters() if p.requires_grad]
        """,
    "Parameter that an optimizer is given afterwards": """
        def group():
            opt = optim.SGD([torch.zeros(3, requires_grad=True)], 0.1)
            w = nn.Parameter(torch.zeros(3))
            opt.add_param_group({"params": w})
            opt.add_param_group({"params": w * 2})  # PRM106

        def by_hand(net: nn.Linear):
            opt = optim.SGD(net.parameters(), 0.1)
            net.more = nn.Parameter(torch.zeros(3))
            opt.param_groups[0]["params"].append(net.more)
            opt.step()

        def as_group(net: nn.Linear):
            opt = optim.SGD(net.parameters(), 0.1)
            net.more = nn.Parameter(torch.zeros(3))
            opt.param_groups.insert(0, {"params": [net.more], "lr": 1})
            opt.step()

        def not_at_all(net: nn.Linear):
            opt = optim.SGD(net.parameters(), 0.1)
            net.more = nn.Parameter(torch.zeros(3))  # PRM303
            print(list(opt.param_groups))
            opt.step()
        """,
    "frozen Parameter without elements": """
        class Grid(nn.Module):
            def __init__(self):
                super().__init__()
                self.empty = nn.Parameter(torch.empty(0, 4), requires_grad=False)
                self.full = nn.Parameter(torch.empty(2, 4), requires_grad=False)

        def load(data):
            grid = Grid()
            grid.empty = nn.Parameter(torch.tensor(data))
            grid.full = nn.Parameter(torch.tensor(data))  # PRM304
            return grid
        """,
    "target network that is made late, and frozen": """
        import copy

        class Byol(nn.Module):
            def __init__(self):
                super().__init__()
                self.online = nn.Linear(3, 3)
                self.target = None
                self.trained = None

            def teacher(self):
                if self.target is None:
                    self.target = copy.deepcopy(self.online)
                    for p in self.target.parameters():
                        p.requires_grad = False
                if self.trained is None:
                    self.trained = nn.Linear(3, 3)  # PRM303
                return self.target

        def main(x):
            net = Byol()
            opt = optim.Adam(net.parameters())
            net.online(x).sum().backward()
            net.teacher()(x)
            opt.step()
        """,
    "one generator in the alternatives of what an optimizer is given": """
        def added(extra, o):
            m = nn.Linear(3, 3)
            return optim.Adam([{"params": m.parameters()}] + ([{"params": extra}] if o else []))

        def either(o):
            m = nn.Linear(3, 3)
            g = m.parameters()
            return optim.Adam([{"params": g, "lr": 1}] if o else [{"params": g}])

        def twice(o):
            m = nn.Linear(3, 3)
            g = m.parameters()
            optim.Adam([{"params": g, "lr": 1}] if o else [{"params": g}])
            return optim.Adam(g)  # PRM109
        """,
    "optimizer that freezes what it has not": """
        from lightning import LightningModule

        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

        class Plain(Net):
            def training_step(self, batch):
                self.optimizers()
                self.b.weight.zero_()  # PRM301

        class Toggled(Net):
            def training_step(self, batch):
                self.toggle_optimizer(self.optimizers()[0])
                self.b.weight.zero_()
        """,
    "made anew where nothing is trained": """
        class Merged(nn.Module):
            def __init__(self):
                super().__init__()
                self.w, self.merged = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(3))

        class Else(Merged):
            def forward(self, x):
                if self.training:
                    return x * self.w
                else:
                    self.merged = nn.Parameter(self.w.detach() * 2)
                return x * self.merged

        class Not(Merged):
            def forward(self, x):
                if not self.training:
                    self.merge()
                return x * self.merged

            def merge(self):
                self.merged = nn.Parameter(self.w.detach() * 2)

        class Returned(Merged):
            def forward(self, x):
                if self.training:
                    return x * self.w
                self.merged = nn.Parameter(self.w.detach() * 2)
                return x * self.merged

        class Training(Merged):
            def forward(self, x):
                if self.training:
                    self.merged = nn.Parameter(self.w.detach() * 2)  # PRM302
                return x * self.merged
        """,
}

PROGRAMS = [pytest.param(dedent(b), id=n) for n, b in LOOK_ALIKES.items()]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_comments_say_what_is_found(program: str) -> None:
    assert_found_as_commented(program)
