"""Training programs: what is found in them stands in their comments, what is sound has none.

Each is preceded by the class ``Net``, which has the layers ``fc`` and ``head``.
"""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from commented import assert_found_as_commented

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.fc(x))

"""

TAKES_THE_HEAD = {
    "parameters": "model.parameters()",
    "keyword": "params=model.parameters()",
    "named parameters": "model.named_parameters()",
    "list": "[p for p in model.parameters() if p.requires_grad]",
    "filter": "filter(lambda p: p.requires_grad, model.parameters())",
    "list of a filter": "list(filter(None, model.parameters()))",
    "two lists": "list(other.parameters()) + list(model.parameters())",
    "unpacked": "[*other.parameters(), *model.parameters()]",
    "chain": "itertools.chain(other.parameters(), model.parameters())",
    "group per layer": "[{'params': model.fc.parameters()}, {'params': model.head.parameters()}]",
    "group of a filter": "[{'params': filter(lambda p: p.ndim > 1, model.parameters())}]",
    "wrapped": "nn.parallel.DistributedDataParallel(model).parameters()",
    "sharded": "FSDP(model).parameters()",
    "compiled": "torch.compile(model).parameters()",
    "one weight": "[model.head.weight]",
}
TAKES_SOMETHING_ELSE = {
    "another layer": "model.fc.parameters()",
    "another weight": "[model.fc.weight]",
    "another model": "itertools.chain(other.parameters(), other.head.parameters())",
    "who knows": "map(chosen, model.parameters())",
}


def taken(parameters: str, comment: str) -> str:
    return f"""
import itertools
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP

def train(weight, chosen):
    model, other = Net(), Net()
    optimizer = optim.AdamW({parameters}, lr=0.1)
    model.head.weight = nn.Parameter(weight){comment}
    optimizer.step()
"""


# Between the optimizer of `model` and its next step.
AFTER_THE_OPTIMIZER = {
    "layer replaced": "model.head = nn.Linear(4, 9)  # PRM303",
    "through a helper": "swap(model, weight)",
    "loaded by assignment": "model.load_state_dict(weight, assign=True)  # PRM303",
    "built anew": """
        model.head.weight = nn.Parameter(weight)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        """,
    "another one built": """
        model.head.weight = nn.Parameter(weight)  # PRM303
        other_optimizer = optim.SGD(other.parameters(), lr=0.1)
        """,
    "initialised anew": """
        model.head.weight = nn.Parameter(weight)
        optimizer.__init__(model.parameters(), lr=0.1)
        """,
    "groups mended": """
        model.head.weight = nn.Parameter(weight)
        optimizer.param_groups[0]["params"] = list(model.parameters())
        """,
    "group added": """
        model.head.weight = nn.Parameter(weight)
        optimizer.add_param_group({"params": model.head.parameters()})
        """,
    "model of no optimizer": "other.head.weight = nn.Parameter(weight)",
    "soft update": """
        for p, target in zip(model.parameters(), other.parameters()):
            target.data.copy_(0.1 * p.data + 0.9 * target.data)
        """,
    "functional call": """
        fast = {name: p - 0.1 for name, p in model.named_parameters()}
        torch.func.functional_call(model, fast, (weight,)).sum().backward()
        """,
    "inner loop of another library": """
        with higher.innerloop_ctx(model, optimizer) as (fast, steps):
            steps.step(fast(weight).sum())
        """,
}


def after_the_optimizer(body: str) -> str:
    return (
        dedent("""
        import higher

        def swap(net, weight):
            net.head.weight = nn.Parameter(weight)""")
        + ("  # PRM303" if "swap(" in body else "")
        + dedent("""

        def train(weight):
            model, other = Net(), Net()
            optimizer = optim.SGD(model.parameters(), lr=0.1)
        """)
        + indent(dedent(body).strip("\n"), "    ")
        + "\n    optimizer.step()\n"
    )


# Methods of a class whose `__init__` has built `self.optimizer` for `self.model`.
TRAINERS = {
    "replaced in another method": """
        def reset(self, weight):
            self.model.head.weight = nn.Parameter(weight)  # PRM303
        """,
    "built anew in the method": """
        def reset(self, weight):
            self.model.head.weight = nn.Parameter(weight)
            self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)
        """,
    "built anew by a method it calls": """
        def reset(self, weight):
            self.model.head.weight = nn.Parameter(weight)
            self.configure()

        def configure(self):
            self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)
        """,
    "built anew by its caller": """
        def reset(self, weight):
            self.model.head.weight = nn.Parameter(weight)

        def next_task(self, weight):
            self.reset(weight)
            self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)
        """,
    "another one stored later": """
        def reset(self, weight):
            self.model.head.weight = nn.Parameter(weight)  # PRM303

        def next_task(self, weight):
            self.scheduler = optim.lr_scheduler.StepLR(self.optimizer, 10)
        """,
}


def trainer(methods: str) -> str:
    return dedent("""
        class Trainer:
            def __init__(self, model):
                self.model = model
                self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)
                self.scheduler = None

        """) + indent(dedent(methods).strip("\n"), "    ")


# Bodies of a function that has made `model = Net()`.
GRAD_MODE = {
    "clipped": """
        for p in model.parameters():
            p.clamp_(-1, 1)  # PRM301
        """,
    "clipped where some are frozen": """
        model.fc.requires_grad_(False)
        for p in model.parameters():
            p.clamp_(-1, 1)  # PRM301
        """,
    "clipped without grad": """
        with torch.no_grad():
            for p in model.parameters():
                p.clamp_(-1, 1)
        """,
    "back on": """
        with torch.no_grad(), torch.enable_grad():
            model.fc.weight.fill_(0)  # PRM301
        """,
    "off and on": """
        torch.set_grad_enabled(False)
        model.fc.weight.fill_(0)
        torch.set_grad_enabled(True)
        """,
    "frozen by a loop": """
        for p in model.parameters():
            p.requires_grad = False
        model.fc.weight.fill_(0)
        """,
}

# Bodies of such a function, which is also given `weight`.
COPIES = {
    "stored and lost": """
        state = model.state_dict()
        state["fc.weight"] = weight  # PRM202
        return model
        """,
    "updated and lost": """
        state = model.state_dict()
        state.update(weight)  # PRM202
        return model
        """,
    "updated at once": "model.state_dict().update(weight)  # PRM202",
    "updated and loaded": """
        state = model.state_dict()
        state.update(weight)
        model.load_state_dict(state)
        """,
    "saved": """
        state = model.state_dict()
        state["fc.weight"] = weight
        torch.save(state, "model.pt")
        """,
    "returned": """
        state = model.state_dict()
        state["fc.weight"] = weight
        return state
        """,
    "rebound and lost": """
        for p in model.parameters():
            p = p - weight  # PRM201
        """,
    "detached and kept": """
        found = []
        for p in model.parameters():
            p = p.detach()
            found.append(p)
        return found
        """,
}


def on_a_model(body: str) -> str:
    lines = indent(dedent(body).strip("\n"), "    ")
    return f"def f(weight):\n    model = Net()\n{lines}\n"


FROZEN = {
    "pretrained": """
        net = models.resnet18(pretrained=True)
        net.requires_grad = False  # PRM203
        net.fc = nn.Linear(512, 10)
        """,
    "moved": """
        net = timm.create_model("resnet18").to("cuda").eval()
        net.requires_grad = False  # PRM203
        """,
    "weights of one": """
        weights = models.get_weight("ResNet50_Weights.DEFAULT")
        weights.requires_grad = False
        """,
}


def on_pretrained(body: str) -> str:
    lines = indent(dedent(body).strip("\n"), "    ")
    return f"import timm\nfrom torchvision import models\n\ndef f():\n{lines}\n"


# Bodies of the `__init__` of a Module with a norm `last` and a ModuleList of them, `norms`.
ALIASES = {
    "every part in a loop": """
        for norm in self.norms:
            norm.weight.data = self.last.weight.data  # PRM305
        """,
    "through a local": """
        first = self.norms[0]
        first.weight.data = self.last.weight.data  # PRM305
        """,
    "of a layer that is dropped": """
        made = nn.LayerNorm(4)
        made.weight.data = self.last.weight.data
        """,
}


def on_norms(body: str) -> str:
    return (
        dedent("""
        class Norms(nn.Module):
            def __init__(self):
                super().__init__()
                self.last = nn.LayerNorm(4)
                self.norms = nn.ModuleList([nn.LayerNorm(4) for _ in range(3)])
        """)
        + indent(dedent(body).strip("\n"), " " * 8)
        + "\n\n    def tie(self):\n"
        + indent(dedent(body).strip("\n"), " " * 8)
    )


INIT_WEIGHTS = {
    "of a mixin": """
        class Initialised:
            def _init_weights(self, module):
                module.weight.data.normal_()  # PRM306

        class Model(Initialised, PreTrainedModel):
            pass
        """,
    "of a class that no model has": """
        class Initialised:
            def _init_weights(self, module):
                module.weight.data.normal_()

        class Model(PreTrainedModel):
            pass
        """,
    "what self has": """
        class Model(PreTrainedModel):
            def _init_weights(self, module):
                self.state.normal_()
                self.query_tokens.data.normal_()  # PRM306
                module.dt_bias.fill_(1.0)  # PRM306
        """,
    "of a file that only an older version can import": """
        from transformers.modeling_utils import SequenceSummary

        class Model(PreTrainedModel):
            def _init_weights(self, module):
                module.weight.data.normal_()
        """,
    "of another library": """
        from pytorch_transformers import PreTrainedModel

        class Model(PreTrainedModel):
            def _init_weights(self, module):
                module.weight.data.normal_()
        """,
    "of a static method": """
        class Model(PreTrainedModel):
            @staticmethod
            def _init_weights(module):
                module.dt_bias.fill_(1.0)  # PRM306
        """,
}

METHODS = {
    "tie_weights, while it is built": """
        class Tied(Net):
            def __init__(self):
                super().__init__()
                self.tie_weights()

            def tie_weights(self):
                self.fc.weight = nn.Parameter(self.head.weight.detach())
        """,
    "training_step": """
        class Lit(Net):
            def training_step(self, batch, i):
                self.fc.weight = nn.Parameter(torch.ones(4, 4))  # PRM302
                return self(batch).sum()
        """,
    "inference_mode": """
        class Scaled(Net):
            @torch.inference_mode()
            def rescale(self):
                self.fc.weight.mul_(2)

            def rescale_and_train(self):
                self.fc.weight.mul_(2)  # PRM301

        def build():
            scaled = Scaled()
            scaled.rescale()
            scaled.rescale_and_train()
            return scaled
        """,
    "put back before the optimizer goes on, added, and loaded where nothing trains": """
        def probe(x):
            model = nn.Linear(2, 2)
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            kept = model.weight
            model.weight = nn.Parameter(torch.zeros(2, 2))
            print(model(x))
            model.weight = kept
            model(x).sum().backward()
            optimizer.step()

        def added(x):
            model = nn.Linear(2, 2, bias=False)
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            model.bias = nn.Parameter(torch.zeros(2))  # PRM303
            model(x).sum().backward()
            optimizer.step()

        def frozen(state):
            model = nn.Linear(2, 2)
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            model.requires_grad_(False)
            model.load_state_dict(state, assign=True)
            optimizer.step()
        """,
    "written for whoever calls it, perhaps without grad": """
        class Loaded(Net):
            def load_from(self, weights):
                self.fc.weight.copy_(weights["fc"])

        def load(model: Net, weights):
            model.fc.weight.copy_(weights["fc"])

        def loaded(weights):
            model = Net()
            model.fc.weight.copy_(weights["fc"])  # PRM301
            return model
        """,
    "averages of another model's weights": """
        @torch.no_grad()
        def average(target: Net, online: Net, decay):
            for t, o in zip(target.parameters(), online.parameters()):
                t.lerp_(o, 1 - decay)
        """,
    "meta-learning": """
        import higher
        import learn2learn

        def adapt(model: Net, x):
            learner = learn2learn.algorithms.MAML(model, lr=0.1).clone()
            learner.adapt(learner(x).sum())
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            with higher.innerloop_ctx(model, optimizer) as (fast, inner):
                inner.step(fast(x).sum())
            return learner(x)
        """,
}

PROGRAMS = [
    *(pytest.param(dedent(b), id=f"methods: {n}") for n, b in METHODS.items()),
    *(pytest.param(taken(p, "  # PRM303"), id=f"taken: {n}") for n, p in TAKES_THE_HEAD.items()),
    *(pytest.param(taken(p, ""), id=f"not taken: {n}") for n, p in TAKES_SOMETHING_ELSE.items()),
    *(pytest.param(after_the_optimizer(b), id=n) for n, b in AFTER_THE_OPTIMIZER.items()),
    *(pytest.param(trainer(m), id=f"trainer: {n}") for n, m in TRAINERS.items()),
    *(pytest.param(on_a_model(b), id=f"grad mode: {n}") for n, b in GRAD_MODE.items()),
    *(pytest.param(on_a_model(b), id=f"copies: {n}") for n, b in COPIES.items()),
    *(pytest.param(on_pretrained(b), id=f"frozen: {n}") for n, b in FROZEN.items()),
    *(pytest.param(on_norms(b), id=f"aliases: {n}") for n, b in ALIASES.items()),
    *(
        pytest.param(f"from transformers import PreTrainedModel\n{dedent(b)}", id=f"init: {n}")
        for n, b in INIT_WEIGHTS.items()
    ),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_comments_say_what_is_found(program: str) -> None:
    assert_found_as_commented(NET + program)
