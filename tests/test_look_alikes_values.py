"""Values that look like what a defect stores, beside the like of them that are it.

Each program is of a kind that was once judged wrongly, or missed. Its comments say what is found:
a line ending in ``# PRM101`` is found under that code; every other line is not.
"""

from __future__ import annotations

from textwrap import dedent

import pytest
from commented import assert_found_as_commented

LOOK_ALIKES = {
    "stored twice over what a parametrization computes": """
        model = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))
        model.weight = torch.ones(4, 4)
        model.weight = nn.Parameter(torch.full((4, 4), 0.5)).t()
        """,
    "item of what is iterated": """
        layer = nn.Linear(3, 3)
        layer.weight = max(nn.Linear(3, 3).parameters(), key=lambda p: p.numel())
        layer.weight = min([nn.Parameter(torch.zeros(3, 3))], key=len)
        layer.weight = min([torch.zeros(3, 3)], key=len)  # PRM101
        pair = nn.Parameter(torch.ones(3, 3)), torch.ones(3, 3)
        layer.weight = pair[::-1][slice(1, None)][0]
        layer.weight = {"w": pair[0]}.popitem()[1]
        layer.weight = {"w": pair[1]}.popitem()[1]  # PRM101
        """,
    "integers that become floating point": """
        ids, w = torch.tensor([1, 2, 3]), torch.zeros(3)
        nn.Parameter(ids.view(torch.float32))
        nn.Parameter(w.new_tensor([1, 2]))
        nn.Parameter(ids.type("torch.FloatTensor"))
        nn.Parameter(torch.arange(end=3.0))
        nn.Parameter(torch.arange(start=0, end=1, step=0.1))
        nn.Parameter(ids.view(3))  # PRM108
        nn.Parameter(ids.new_tensor([1.5]))  # PRM108
        nn.Parameter(torch.arange(end=3))  # PRM108
        """,
    "copy of what was transposed": """
        t = nn.Linear(3, 3).weight.t().contiguous()
        t.zero_()
        u = nn.Linear(3, 3).weight.transpose(0, 1).contiguous().view(-1)
        u[0] = 0
        v = nn.Parameter(torch.zeros(2, 3, 4)).permute(2, 0, 1).reshape(-1)
        v *= 2
        w = nn.Linear(3, 3).weight.reshape(-1)
        w.zero_()  # PRM301
        x = nn.Linear(3, 3).weight.t()
        x.zero_()  # PRM301
        """,
    "object of the top level": """
        layer, other, late = nn.Linear(3, 4), nn.Linear(3, 4), None
        head = nn.Linear(3, 4)
        made = make(nn.Linear(3, 4))
        moved = nn.Linear(3, 4)
        moved = make(moved)

        def f():
            head.weight = torch.zeros(4, 3)  # PRM101
            made.weight = torch.zeros(4, 3)
            moved.weight = torch.zeros(4, 3)
            late.weight = torch.zeros(4, 3)

        def begin():
            global late
            late = nn.Linear(3, 4)
        """,
    "object of the top level, bound anew": """
        head = nn.Linear(3, 4)

        def f():
            head.weight = torch.zeros(4, 3)

        def begin(other):
            global head
            head = other
        """,
    "flag of the top level": """
        TRAINED = FIXED = True

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Parameter(torch.zeros(3)) if FIXED else torch.zeros(3)
                self.b = nn.Parameter(torch.zeros(3)) if TRAINED else torch.zeros(3)

            def fill(self):
                self.a = torch.zeros(3)  # PRM101
                self.b = torch.zeros(3)

        def freeze():
            global TRAINED
            TRAINED = False
        """,
    "layers of a content that is not known": """
        class Net(nn.Module):
            def __init__(self, layers, model):
                super().__init__()
                self.parts = [nn.Sequential(*layers), nn.Sequential(*model.children())]
        """,
    "a Parameter, which takes any attribute": """
        def f(deep, size):
            part = nn.BatchNorm1d(4) if deep else nn.Parameter(torch.ones(4))
            part.bias = torch.zeros(4)
            layer = nn.BatchNorm1d(4) if deep else nn.LayerNorm(4)
            layer.bias = torch.zeros(4)  # PRM101
        """,
    "annotated as a Tensor": """
        def f(layer: nn.Linear, w: torch.Tensor):
            layer.weight = w
            layer.weight = w * 2  # PRM101
        """,
    "view of a view": """
        def f(other: torch.Tensor):
            x = torch.rand(4, 3, requires_grad=True)
            x.transpose(0, 1)[0].mul_(2)  # PRM301
            turned = x.t()
            turned[0] *= 2  # PRM301
            (x * 2).t()[0].mul_(2)
            other.t()[0].mul_(2)
        """,
    "moved to where it is": """
        class Conv(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.weight = nn.Parameter(torch.zeros(n, n))

            def widen(self):
                device = self.weight.device
                self.weight = nn.Parameter(self.weight.unsqueeze(0)).to(device)

            def copy(self):
                self.weight = nn.Parameter(self.weight).to(self.weight.device)

        def f(layer: nn.Linear, x):
            layer.weight = nn.Parameter(layer.weight).to(layer.weight.device)
            layer.weight = nn.Parameter(layer.weight).to(x.device)  # PRM101
        """,
    "values that are loaded from elsewhere": """
        def f(path, layer: nn.Linear, other: nn.Linear):
            kept = layer.state_dict()
            lost = other.state_dict()
            source = torch.load(path)
            kept.update(source)
            lost.update(source)  # PRM202
            layer.load_state_dict(source)
        """,
    "Modules of what libraries make": """
        import timm
        from library import build
        from torchvision.models import resnet18, vit_b_16
        from transformers import AutoModelForCausalLM, BertModel

        convolutional, seen, language = resnet18(), vit_b_16(), BertModel.from_pretrained("b")
        causal, other = AutoModelForCausalLM.from_pretrained("g"), build()
        convolutional.fc.requires_grad = False  # PRM203
        convolutional.inplanes.requires_grad = False
        seen.class_token.requires_grad = False
        seen.heads.requires_grad = False  # PRM203
        language.embeddings.requires_grad = False  # PRM203
        language.config.requires_grad = False
        causal.lm_head.requires_grad = False  # PRM203
        timm.create_model("vit").pos_embed.requires_grad = False
        timm.create_model("vit").head.requires_grad = False  # PRM203
        other.fc.requires_grad = False
        """,
    "gradients off on one way, and names in a list": """
        def f(flag):
            layer = nn.Linear(3, 4)
            if flag:
                torch.set_grad_enabled(False)
            if flag:
                layer.weight[0] = 1.0
            if not flag:
                layer.bias[0] = 1.0  # PRM301
            names, others = ["bias"], {"weight": 1}
            if "weight" in names:
                layer.weight = torch.zeros(4, 3)
            if "bias" in names:
                layer.bias = torch.zeros(4)  # PRM101
            if "weight" not in others:
                layer.weight = torch.zeros(4, 3)
            return layer
        """,
    "item that another method sets": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.second = [torch.zeros(3)], [torch.zeros(3)]
                self.a, self.b = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(3))

            def begin(self):
                self.first[0] = nn.Parameter(torch.zeros(3))

            def use(self):
                self.a = self.first[0]
                self.b = self.second[0]  # PRM101
        """,
    "objects that are loaded": """
        from transformers import LlamaForCausalLM, PreTrainedModel, Qwen2ForCausalLM

        class Chat(PreTrainedModel):
            def __init__(self, config, language=None):
                super().__init__(config)
                self.scale = 1
                if language is not None:
                    self.language = language
                elif config.kind == "llama":
                    self.language = LlamaForCausalLM(config)
                else:
                    self.language = Qwen2ForCausalLM(config)

        class Own(nn.Module):
            @classmethod
            def from_pretrained(cls, path):
                return path

        def main(path):
            model, other = Chat.from_pretrained(path), Own.from_pretrained(path)
            model.scale.requires_grad = True
            model.language.lm_head.requires_grad = True  # PRM203
            other.requires_grad = True
        """,
    "tensor in an attribute that may be a Module": """
        class Net(nn.Module):
            def __init__(self, name, value):
                super().__init__()
                self.fc = nn.Linear(3, 3)
                self.range = nn.Parameter(torch.ones(1)) * 3  # PRM102
                setattr(self, name, value)

        def main(name, value):
            model = Net(name, value)
            return model, optim.Adam(model.parameters())
        """,
    "slices that raise": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.none = nn.ModuleList([nn.Linear(3, 3)])[::0]
                self.text = [1, 2]["a":]
                self.part = (1, 2)[:1.5]
                self.back = "ab"[::False]
                last = [nn.Parameter(torch.ones(3)), torch.ones(3)][::-1]
                self.w = nn.Parameter(torch.ones(3))
                self.w = last[0]  # PRM101
        """,
    "values that go elsewhere": """
        def f():
            layer, other, third = nn.Linear(3, 4), nn.Linear(3, 4), nn.Linear(3, 4)
            kept = layer.state_dict()
            lost = other.state_dict()
            kept["weight"] = torch.zeros(4, 3)
            lost["weight"] = torch.zeros(4, 3)  # PRM202
            third.weight.data = kept["weight"]
            return layer, other, third
        """,
    "dict of Modules": """
        def convert(model: nn.Module, names, other):
            modules = dict(model.named_modules())
            parameters = dict(model.named_parameters())
            for name in names:
                modules[name] = nn.Linear(2, 2)
                modules[other] = other
                parameters[name] = torch.zeros(2)  # PRM202
        """,
    "what methods leave that call each other": """
        class Mixture(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.n, self.best = n, None
                self.mu = nn.Parameter(torch.randn(1, self.n), requires_grad=False)

            def fit(self, x):
                self.best = x
                for _ in range(100):
                    self.best = self.score(x)
                    self.update(x)

            def update(self, mu):
                self.score(mu)
                self.mu = mu.unsqueeze(0)  # PRM101

            def score(self, mu):
                mu = mu + self.n
                mu = mu + self.n
                mu = mu + self.n
                mu = mu + self.n
                self.best = mu
                return mu
        """,
    "integers moved to what may be a dtype": """
        def f(dtype, other, layer: nn.Linear):
            nn.Parameter(torch.tensor([1, 2]).to(dtype))
            nn.Parameter(torch.tensor([1, 2]).to(torch.get_default_dtype()))
            nn.Parameter(torch.arange(3).to(next(other.parameters())))
            nn.Parameter(torch.tensor([1, 2]).to("cuda"))  # PRM108
            nn.Parameter(torch.tensor([1, 2]).to(other.device))  # PRM108
        """,
    "kept in a dict, and registered under computed names": """
        class Net(nn.Module):
            def __init__(self, names):
                super().__init__()
                self.a = {name: nn.Parameter(torch.zeros(3)) for name in names}
                self.b = {"b": nn.Parameter(torch.zeros(3))}
                for name in names:
                    self.register_parameter(name + "_a", self.a[name])
                    setattr(self, name, nn.Parameter(torch.zeros(3)))
                self.register_parameter("first", self.b["b"])
                self.fc = nn.Linear(3, 3)
                self.fc.bias = self.b["b"]
        """,
    "one of several that are kept together": """
        class Net(nn.Module):
            def __init__(self, key, i):
                super().__init__()
                kept = {"w": nn.Parameter(torch.zeros(3)), "t": torch.zeros(3)}
                both = [nn.Parameter(torch.zeros(3)), torch.zeros(3)]
                tensors = [torch.zeros(3), torch.zeros(3)]
                self.a = nn.Parameter(torch.zeros(3))
                self.b = nn.Parameter(torch.zeros(3))
                self.c = nn.Parameter(torch.zeros(3))
                self.d = torch.zeros(3) if i else nn.Parameter(torch.zeros(3))
                self.a = kept[key]
                self.b = both[i]
                self.c = getattr(self, key)
                self.a = kept["t"]  # PRM101
                self.b = tensors[i]  # PRM101
                self.c = self.d  # PRM101
        """,
    "one of several that a function gives": """
        def turned(weight, flag):
            if isinstance(weight, nn.Parameter):
                return nn.Parameter(weight.T)
            return weight.T

        def moved(x, flag):
            if flag:
                return nn.Parameter(x).cuda()
            return nn.Parameter(x).double()

        class Net(nn.Module):
            def __init__(self, x, weight, flag):
                super().__init__()
                self.a = turned(weight, flag) * 2
                self.b = moved(x, flag)  # PRM102
                self.c = nn.Parameter(x).cuda() if flag else nn.Parameter(x)  # PRM102
                self.d = nn.Parameter(torch.zeros(3))
                self.d = self.of(flag)

            def of(self, kind):
                if kind == "p":
                    return nn.Parameter(torch.zeros(3))
                return torch.zeros(3)
        """,
    "rows that an unknown index copies": """
        class Net(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.w = nn.Parameter(torch.ones(n, 3))

            def some(self, rows):
                some = Net(len(rows))
                some.w.data = self.w.data[rows][:, 1:]
                return some

            def first(self, n: int):
                first = Net(n)
                first.w.data = self.w.data[:n]  # PRM305
                return first
        """,
}

PROGRAMS = [pytest.param(dedent(b), id=n) for n, b in LOOK_ALIKES.items()]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_comments_say_what_is_found(program: str) -> None:
    assert_found_as_commented(program)
