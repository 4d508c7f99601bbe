"""What is registered, held and constructed as if by mistake, beside the like of it that is one.

Each program is of a kind that was once judged wrongly, or missed. Its comments say what is found:
a line ending in ``# PRM101`` is found under that code; every other line is not.
"""

from __future__ import annotations

from textwrap import dedent

import pytest
from commented import HEADER, assert_found_as_commented

from flake8_paramassign import analyze

LOOK_ALIKES = {
    "Parameters that parameters() gives": """
        from abc import ABC

        class Policy(nn.Module, ABC):
            def __init__(self):
                super().__init__()
                self.body = nn.Linear(3, 3)
                self.all = list(self.parameters())
                self.some = [p for p in self.parameters() if p.dim() > 1]
                self.named = dict(self.named_parameters())
                self.w = [m.weight for m in self.modules() if isinstance(m, nn.Linear)]
                self.other = [nn.Parameter(torch.zeros(3)) for _ in range(2)]  # PRM104

            def norm(self):
                return sum(w.norm() for w in self.w)
        """,
    "class whose __init__ runs after another's": """
        class Net(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.body = nn.Linear(n, n)

        class Masks(nn.Module):
            def __init__(self, n):
                self.head = nn.Linear(n, n)

        class MaskNet(Masks, Net):
            def __init__(self, n):
                Net.__init__(self, n)
                Masks.__init__(self, n)

        class Alone(nn.Module):
            def __init__(self, n):
                self.head = nn.Linear(n, n)  # PRM107

        class Heir(Alone):
            pass
        """,
    "tensor by which derivatives are taken": """
        def gradient(u, x):
            return torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)[0]

        class Equation(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = nn.Linear(1, 1)
                self.a = torch.rand(10, 1, requires_grad=True)
                self.b = torch.rand(10, 1, requires_grad=True)
                self.c = torch.rand(10, 1, requires_grad=True)
                self.d = torch.rand(10, 1, requires_grad=True)  # PRM103

            def residual(self):
                b = torch.autograd.grad(self.net(self.b).sum(), [self.b])[0]
                self.net(self.c + self.d).sum().backward()
                return gradient(self.net(self.a), self.a) + b + self.c.grad
        """,
    "Parameter that is taken away, and its data kept": """
        class Fixed(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.ones(3))
                self.kept = nn.Parameter(torch.ones(3)).detach()  # PRM102

            def fix(self):
                s = self.scale.data
                del self.scale
                self.scale = s

        Fixed().fix()
        """,
    "computed anew by the loop that trains, or a hook": """
        class A(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.ones(3))
                self.k = self.w.softmax(0)
                self.kernel = self.w.exp()
                self.old = self.w.exp()  # PRM102

        def train():
            net = A()
            for _ in range(2):
                net.k = net.w.softmax(0)

        def before(module, inputs):
            module.kernel = module.w.exp()
        """,
    "computed from what an optimizer is given": """
        class Kernel(nn.Module):
            def __init__(self, scale):
                super().__init__()
                self.scale = scale

        def train(x):
            scale = nn.Parameter(torch.ones(1))
            kernel = Kernel(scale.exp())
            opt = optim.SGD([scale], 0.1)
            (kernel.scale * x).sum().backward()
            opt.step()
        """,
    "comma too many": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.hidden = (nn.Linear(3, 3),)
                self.teacher = [nn.Linear(3, 3)]
                self.layer = nn.Linear(3, 3),  # PRM105
        """,
    "snapshots of what is trained": """
        import copy

        class League(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.policy, other = nn.Linear(3, 2), nn.Linear(3, 2)
                self.past = [copy.deepcopy(self.policy) for _ in range(n)]
                self.layers = [copy.deepcopy(other) for _ in range(n)]  # PRM105
        """,
    "Parameters in a list that are trained all the same": """
        class ByHand(nn.Module):
            def __init__(self, sizes):
                super().__init__()
                self.weights = [nn.Parameter(torch.randn(a, a)) for a in sizes]

            def step(self, lr):
                with torch.no_grad():
                    for p in self.weights:
                        p -= lr * p.grad

        class Codes(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.codes = {i: nn.Parameter(torch.zeros(3)) for i in range(n)}
                self.latents = [nn.Parameter(torch.zeros(3)) for _ in range(n)]
                self.lost = [nn.Parameter(torch.zeros(3)) for _ in range(n)]  # PRM104

            def reset_parameters(self):
                for p in self.lost:
                    nn.init.normal_(p)
                    p.data.uniform_(-1, 1)

            def code_parameters(self):
                return list(self.codes.values())

        def train():
            c = Codes(2)
            return optim.Adam(c.code_parameters()), optim.Adam([{"params": c.latents}])
        """,
    "Module that is begun before its constructor": """
        class Meta(type):
            def __call__(cls, *args, **kwargs):
                made = cls.__new__(cls)
                nn.Module.__init__(made)
                made.__init__(*args, **kwargs)
                return made

        class A(nn.Module, metaclass=Meta):
            def __init__(self, n):
                self.layer = nn.Linear(n, n)

        class B(nn.Module):
            def __new__(cls, *args, **kwargs):
                made = super().__new__(cls)
                nn.Module.__init__(made)
                return made

            def __init__(self, n):
                self.layer = nn.Linear(n, n)

        class C(nn.Module):
            def __init_subclass__(cls, **kwargs):
                begin_before(cls)

        class D(C):
            def __init__(self, n):
                self.layer = nn.Linear(n, n)

        class E(nn.Module):
            def __init__(self, n):
                self.layer = nn.Linear(n, n)  # PRM107
        """,
    "frozen Parameters in a dict": """
        class Hook(nn.Module):
            def __init__(self, words):
                super().__init__()
                self.frozen = {w: nn.Parameter(torch.zeros(3), requires_grad=False) for w in words}
                self.trained = {w: nn.Parameter(torch.zeros(3)) for w in words}  # PRM104
        """,
    "tensor that requires grad, and is written by hand": """
        class Multipliers(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = torch.tensor(1.0, requires_grad=True)
                self.b = torch.zeros(3, requires_grad=True)
                self.c = torch.zeros(3, requires_grad=True)
                self.d = torch.zeros(3, requires_grad=True)  # PRM103

            def ascend(self, loss):
                (g,) = torch.autograd.grad(loss, self.a)
                with torch.no_grad():
                    self.a += 0.1 * g
                self.b.data.add_(self.b.grad)

        def attack(m: Multipliers):
            m.c.data = m.c.data + m.c.grad.sign()
        """,
    "sum of lists": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.rows = [[nn.Linear(3, 3) for _ in range(2)] for _ in range(2)]
                self.all = nn.ModuleList(sum(self.rows, []))
                self.more = [[nn.Linear(3, 3) for _ in range(2)] for _ in range(2)]  # PRM105
                self.flat = sum(self.more, [])  # PRM105
                self.total = sum([1, 2], 0)
        """,
    "Modules in a list that have optimizers of their own": """
        import itertools

        class Agents(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.agents = [nn.Linear(2, 2) for _ in range(n)]

        class Trainer:
            def __init__(self, a):
                self.opts = []
                for net in a.agents:
                    self.opts.append(optim.Adam(net.parameters()))

        class Critics(nn.Module):
            def __init__(self):
                super().__init__()
                self.critics = [nn.Linear(2, 2), nn.Linear(2, 2)]

            def q_parameters(self):
                params = []
                for q in self.critics:
                    params += list(q.parameters())
                return params

        class Heads(nn.Module):
            def __init__(self, names):
                super().__init__()
                self.heads = {name: nn.Linear(4, 1) for name in names}

        def train():
            d = Heads("ab")
            each = (h.parameters() for h in d.heads.values())
            return optim.SGD(itertools.chain(d.parameters(), *each), 0.1)

        class Made(nn.Module):
            def __init__(self, n, optimizer_class):
                super().__init__()
                self.made = [nn.Linear(2, 2) for _ in range(n)]
                self.opts = [optimizer_class(m.parameters(), lr=0.1) for m in self.made]

        class Whole(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.layers = [nn.Linear(2, 2) for _ in range(n)]  # PRM105

            def count(self):
                return sum(p.numel() for l in self.layers for p in l.parameters())

            def reset(self):
                for layer in self.layers:
                    for p in layer.parameters():
                        nn.init.zeros_(p)

        def train_whole():
            whole = Whole(3)
            return optim.SGD(whole.parameters(), 0.1)
        """,
    "class that is annotated as a Module": """
        class Stage(nn.Sequential):
            def __init__(self, block: nn.Module, n: int):
                self.block = block
                super().__init__(*[block(n, n) for _ in range(n)])

        class Headed(nn.Sequential):
            def __init__(self, head: nn.Module, n: int):
                self.head = head  # PRM107
                super().__init__(*[nn.Linear(n, n) for _ in range(n)])
        """,
    "Modules of a library that have no Parameters": """
        from kornia.augmentation import CenterCrop
        from timm.layers import DropPath
        from torchvision.models.resnet import ResNet
        from torchvision.ops import RoIPool

        class Views(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.crops = [CenterCrop(84) for _ in range(n)]
                self.drops = [DropPath(0.1) for _ in range(n)]
                self.pools = [RoIPool(3, 1) for _ in range(n)]
                self.nets = [ResNet(3, 4) for _ in range(n)]  # PRM105
        """,
    "parameter or buffer, computed from itself": """
        class Alpha(nn.Module):
            def __init__(self, alpha, learn):
                super().__init__()
                if learn:
                    self.alpha = nn.Parameter(alpha)
                else:
                    self.register_buffer("alpha", alpha)
                self.alpha = self.alpha.clamp(0, 1)
        """,
    "registered under no name": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_parameter(None, "bias")
                self.register_parameter("weight", 3)  # PRM101
        """,
    "Modules before super().__init__(), of which none but the first is tried": """
        class Net(nn.Module):
            def __init__(self):
                self.a = nn.Linear(3, 3)  # PRM107
                self.b = nn.Linear(3, 3)
                super().__init__()
        """,
    "frozen, and kept out on purpose": """
        class Net(nn.Module):
            def __init__(self, sizes):
                super().__init__()
                self.a = [nn.Linear(3, size) for size in sizes]
                self.b = [nn.Linear(3, size) for size in sizes]
                self.c = []
                self.d = [nn.Linear(3, size) for size in sizes]  # PRM105
                for module in self.a:
                    module.requires_grad_(False)
                for module in self.b:
                    for p in module.parameters():
                        p.requires_grad = False
                for size in sizes:
                    module = nn.Linear(3, size)
                    module.requires_grad_(False)
                    self.c.append(module)
                for module in self.d:
                    module.requires_grad_(True)
        """,
    "Module that has nothing yet": """
        class Positions(nn.Embedding):
            def __init__(self, n, width):
                self.make(n, width)

            def make(self, n, width):
                weight = torch.ones(n, width)
                if not hasattr(self, "weight"):
                    super().__init__(n, width, _weight=weight)
                else:
                    self.weight = nn.Parameter(weight)

            def forward(self, x):
                self.make(x.size(0), 3)
                return super().forward(x)
        """,
    "made by whoever gives it": """
        class Regularizer(nn.Module):
            def __init__(self, layer: nn.Linear):
                super().__init__()
                self.parameters_of_others, self.layers = [], [layer, layer]

            def add(self, parameter: nn.Parameter, layer: nn.Linear):
                self.parameters_of_others.append(parameter)
                self.layers.append(layer)
        """,
    "registered by another method": """
        class Part(nn.Module):
            def __init__(self, name):
                super().__init__()
                self.part_name = name
                self.w = nn.Parameter(torch.zeros(3))

        class Network(nn.Module):
            def __init__(self, names):
                super().__init__()
                self.parts = [Part(name) for name in names]
                self.scales = [nn.Parameter(torch.zeros(3)) for name in names]
                self.others = [Part(name) for name in names]  # PRM105

            def apply_to(self):
                for i, p in enumerate(self.parts):
                    self.add_module(p.part_name, p)
                    self.register_parameter(f"scale_{i}", self.scales[i])
        """,
    "normed or not": """
        class Net(nn.Module):
            def __init__(self, use, kind):
                super().__init__()
                conv = nn.Conv1d(3, 3, 3)
                self.a = nn.utils.weight_norm(conv) if use else nn.Conv1d(3, 3, 3)
                if not use:
                    self.a.weight.data.normal_()
                if kind == "weight":
                    self.c = nn.utils.weight_norm(nn.Conv1d(3, 3, 3))
                elif kind == "none":
                    self.c = nn.Conv1d(3, 3, 3)
                if kind == "none":
                    self.c.weight.data.normal_()
        """,
}

PROGRAMS = [pytest.param(dedent(b), id=n) for n, b in LOOK_ALIKES.items()]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_comments_say_what_is_found(program: str) -> None:
    assert_found_as_commented(program)


def test_a_class_of_another_library_may_be_of_modules_and_a_plain_one_is_not() -> None:
    program = """
    from library import Base

    class Holder(Base): pass
    class Plain: pass

    class Net(nn.Module):
        def __init__(self, x):
            super().__init__()
            registered, plain = nn.Parameter(x), nn.Parameter(x)
            self.holder, self.plain = Holder(), Plain()
            self.holder.w, self.plain.w = registered, plain
            self.a, self.b = registered.cuda(), plain.cuda()
    """
    first, second = analyze(HEADER + dedent(program))
    assert first.message.startswith("'a' is computed once from a Parameter")
    assert second.message.startswith("'b' is not a Parameter")
