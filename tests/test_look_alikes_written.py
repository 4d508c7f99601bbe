"""What is written, rebound and read as if by mistake, beside the like of it that is one.

Each program is of a kind that was once judged wrongly, or missed. Its comments say what is found:
a line ending in ``# PRM101`` is found under that code; every other line is not.
"""

from __future__ import annotations

from textwrap import dedent

import pytest
from commented import assert_found_as_commented

LOOK_ALIKES = {
    "context that leaves its object otherwise": """
        import contextlib

        class RequiresGrad:
            def __init__(self, model):
                self._model = model

            def __enter__(self):
                self._model.requires_grad_(True)

            def __exit__(self, *a):
                self._model.requires_grad_(False)

        @contextlib.contextmanager
        def trained(model):
            model.requires_grad_(True)
            yield
            model.requires_grad_(False)

        def main(x):
            net, other, third = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)
            with RequiresGrad(net), trained(other):
                net(x).sum().backward()
                net.weight.zero_()  # PRM301
            net.weight.zero_()
            other.weight.zero_()
            third.weight.zero_()  # PRM301

        main(torch.ones(3))
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
    "error that a handler expects": """
        def leaf():
            w = nn.Parameter(torch.zeros(3))
            try:
                w.add_(1)
            except RuntimeError:
                w.data.add_(1)

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
    "class of which every tensor is": """
        def fill(tensor):
            if not isinstance(tensor, torch.autograd.Variable):
                tensor.copy_(torch.eye(3))
            if not isinstance(tensor, list):
                tensor.copy_(torch.eye(3))  # PRM301

        fill(nn.Linear(3, 3).weight)
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
