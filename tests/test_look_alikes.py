"""What public code does that looks like a defect, beside the like of it that is one.

Each program is of a kind that was once judged wrongly, or missed. Its comments say what is found:
a line ending in ``# PRM101`` is found under that code; every other line is not.
"""

from __future__ import annotations

from textwrap import dedent

import pytest
from commented import HEADER, assert_found_as_commented

from flake8_paramassign import analyze

LOOK_ALIKES = {
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
    "frozen Parameter that gives way to one for an optimizer": """
        def calibrate(net: nn.Linear, other: nn.Linear):
            net.requires_grad_(False)
            other.requires_grad_(False)
            net.weight = nn.Parameter(torch.randn(3, 3))
            other.weight = nn.Parameter(torch.randn(3, 3))  # PRM304
            return optim.SGD([net.weight], 0.1)
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
    "variable of a loop that is read after all": """
        def defaults(model: nn.Linear):
            fs = []
            for p in model.parameters():
                p = p.detach()
                fs.append(lambda p=p: p.sum())
            for p in model.parameters():
                p = p * 2
                def f(*, p=p):
                    return p.sum()
                fs.append(f)
            return fs

        def dropped(model: nn.Linear):
            for p in model.parameters():
                p.grad = None
                p = None

        def formatted(model: nn.Linear):
            for n, p in model.named_parameters():
                p = p.detach().norm().item()
                print("{n}: {p}".format(**locals()))

        def out(model: nn.Linear):
            for p in model.parameters():
                p = torch.mul(p.data, 2, out=p.data)

        def at_once(model: nn.Linear):
            for p in model.parameters():
                (p := p.data).mul_(2)

        def besides(model: nn.Linear):
            for p in model.parameters():
                p.data = p = p.data.clone() * 2

        def hook(model: nn.Linear):
            for p in model.parameters():
                p = p.register_hook(lambda grad: grad * 2)

        def lost(model: nn.Linear):
            for p in model.parameters():
                p = p * 2  # PRM201
            for p in model.parameters():
                p = 0.5  # PRM201
        """,
    "container of Parameters that is read afterwards": """
        def summed(model: nn.Linear):
            sizes = dict(model.named_parameters())
            for k, p in model.named_parameters():
                sizes[k] = p.numel() * 2
            print(sum(sizes.values()))

        def starred(model: nn.Linear, x):
            params = list(model.parameters())
            params[0] = params[0] * 2
            return F.linear(x, *params)

        def spread(model: nn.Linear, x):
            params = dict(model.named_parameters())
            params["weight"] = params["weight"] * 2
            return F.linear(x, **params)

        def by_key(model: nn.Linear, x):
            params = dict(model.named_parameters())
            params["weight"] = params["weight"] - 0.1 * params["weight"].grad
            return F.linear(x, params["weight"], params["bias"])

        def difference(model: nn.Linear, ref):
            sd = model.state_dict()
            for key in sd:
                sd[key] = sd[key] - ref[key]
                if sd[key].norm() > 1:
                    raise ValueError(key)

        def taken(model: nn.Linear, ref):
            params = list(model.parameters())
            params[0] = ref
            return params.pop(0)

        def lost(model: nn.Linear, ref):
            sd = model.state_dict()
            print(sd["weight"].norm())
            for key in sd:
                sd[key] = sd[key] - ref[key]  # PRM202
            params = list(model.parameters())
            params[0] = params[0] * 2  # PRM202
            params[1] = params[1] * 2  # PRM202
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
    "error that a handler expects": """
        def leaf():
            w = nn.Parameter(torch.zeros(3))
            try:
                w.add_(1)
            except RuntimeError:
                w.data.add_(1)

        def slot(m: nn.Linear):
            try:
                m.weight = torch.zeros(2, 2)
            except TypeError as e:
                print(e)

        def optimizer(w: nn.Parameter):
            try:
                optim.SGD([w * 2], 0.1)
            except (KeyError, ValueError) as error:
                print(error)

        def integer():
            try:
                nn.Parameter(torch.arange(3))
            except RuntimeError:
                pass

        def step(memory):
            w = nn.Parameter(torch.zeros(3))
            try:
                w.add_(1)  # PRM301
            except RuntimeError as e:
                if "memory" not in str(e):
                    raise
            try:
                w.add_(1)  # PRM301
            except ValueError:
                pass
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

        def train_whole():
            whole = Whole(3)
            return optim.SGD(whole.parameters(), 0.1)
        """,
    "Parameters that were looked at on one way": """
        import sys, torchvision

        def main(verbose):
            net, fixed = torchvision.models.resnet18(), torchvision.models.resnet18()
            if verbose:
                print([p.shape for p in net.parameters()])
                for p in fixed.parameters():
                    p.requires_grad = False
            for p in net.parameters():
                p.mul_(0.5)  # PRM301
            for p in fixed.parameters():
                p.mul_(0.5)

        main(sys.argv)
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
    "class of which every tensor is": """
        def fill(tensor):
            if not isinstance(tensor, torch.autograd.Variable):
                tensor.copy_(torch.eye(3))
            if not isinstance(tensor, list):
                tensor.copy_(torch.eye(3))  # PRM301

        fill(nn.Linear(3, 3).weight)
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
    "called by what is called without gradients": """
        class Base(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Parameter(torch.empty(3)), nn.Parameter(torch.empty(3))

            def reset(self):
                self.a.zero_()

            def reset_all(self):
                self.b.zero_()  # PRM301

            def init_weights(self):
                self.reset()
                self.reset_all()

        class Model(Base):
            @torch.inference_mode()
            def init_weights(self):
                super().init_weights()

        Model().init_weights()
        Model().reset_all()
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
    "weight norm where it is asked for": """
        class Generator(nn.Module):
            def __init__(self, normed=True):
                super().__init__()
                self.conv = nn.Conv1d(3, 3, 3)
                self.normed = normed
                if normed:
                    nn.utils.weight_norm(self.conv)
                else:
                    self.conv.weight.data.normal_()
                if not self.normed:
                    self.conv.weight.data.normal_()
                self.reset()

            def reset(self):
                self.apply(fill)

        def fill(m):
            if isinstance(m, nn.Conv1d):
                m.weight.data.normal_()  # PRM204
        """,
    "weight norm by the name of its module": """
        from torch.nn.utils.weight_norm import remove_weight_norm, weight_norm

        class Decoder(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.a, self.b = weight_norm(nn.Linear(n, n)), weight_norm(nn.Linear(n, n))
                self.a.weight.data.uniform_(-0.1, 0.1)  # PRM204
                remove_weight_norm(self.b)
                self.b.weight.data.uniform_(-0.1, 0.1)
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
    "run by autograd": """
        class Function(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, m: nn.Linear):
                m.weight.mul_(2)
                return x * 1

            @staticmethod
            def backward(ctx, g):
                w = nn.Parameter(torch.zeros(3))
                w += 1
                return g, None
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
    "computed anew by a hook, by train(), or for each call": """
        class Hook(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.w = nn.Parameter(torch.zeros(n))
                self.k = self.w * 2
                self.register_forward_pre_hook(self.pre)

            @staticmethod
            def pre(module, inputs):
                module.k = module.w * 2

        class Eval(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.w = nn.Parameter(torch.zeros(n))
                self.prepare()

            def prepare(self):
                self.k = self.w.exp()

            def train(self, mode=True):
                super().train(mode)
                self.prepare()
                return self

        class Proxy(nn.Module):
            def __init__(self, delta):
                super().__init__()
                self.delta = delta

        class Wrapper(nn.Module):
            def __init__(self, r):
                super().__init__()
                self.a, self.b = nn.Parameter(torch.zeros(r, 3)), nn.Parameter(torch.zeros(3, r))

            def active(self):
                return Proxy(self.b @ self.a)
        """,
    "Parameter among the buffers": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("used", nn.Parameter(torch.zeros(16)))
                self.w = nn.Parameter(torch.zeros(16))

            def forward(self, x):
                self.used[:3] = x
                self.w[:3] = x  # PRM301
                return x
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
