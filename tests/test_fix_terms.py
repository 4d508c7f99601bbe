"""The table of terms: each question decides something, and the page shows all of them."""

from __future__ import annotations

import pytest
from readme import FIXES
from rewritten import FC, LAYER, fixes

from flake8_paramassign.documentation import fixes_page
from flake8_paramassign.fixes.rewrites import REWRITES
from flake8_paramassign.fixes.rewrites.terms import TABLE

W = "layer.weight = torch.ones(4, 3)"
UNPROVED = {
    "PRM101": {
        "that it surely is this object": (
            "layer = nn.Linear(3, 4) if HALF else nn.Linear(3, 4)\nlayer.weight = torch.ones(4, 3)"
        ),
        "that all who come here store the like": (
            "def put(layer):\n    layer.extra = torch.ones(3)\n\n\nput(Other(3))\n"
            "other = Other(3)\nother.extra = nn.Parameter(torch.zeros(3))\nput(other)"
        ),
        "that the statement stores nothing else": LAYER + "k = layer.bias = torch.ones(4)",
        "of which class the object is": f"def f(layer: nn.Linear):\n    {W}",
        "that nobody expects the TypeError": (
            f"def f():\n    {LAYER}    try:\n        {W}\n    except Exception:\n        print()"
        ),
        "that every value is a tensor": (
            "def f(c, x):\n    layer = nn.Linear(3, 4)\n"
            "    layer.weight = torch.ones(4, 3) if c else x"
        ),
        "that the shapes are the same": FC + "self.fc.weight = torch.ones(n, m)",
        "that dtype and device are the same": LAYER + "layer.to(HALF)\nlayer.bias = torch.ones(4)",
        "that no gradient flows through the value": (
            LAYER + "layer.bias = torch.ones(4, requires_grad=True)"
        ),
        "that the value has storage of its own": LAYER + "layer.weight = torch.ones(3, 4).t()",
        "that nothing else is tied to the Parameter": (
            "self.start = torch.zeros(3)\nself.w = nn.Parameter(self.start)\nself.w = torch.ones(3)"
        ),
        "that what is evaluated has no other effects": (
            LAYER + "layer.bias = torch.ones(4) * (k := 2)"
        ),
        "that no backward pass of an earlier forward pass follows": (
            LAYER + f"y = layer(torch.ones(3))\n{W}"
        ),
    },
    "PRM102": {
        "that the operation keeps every value": "self.w = nn.Parameter(torch.ones(n)) * 2",
        "that the result is floating point": "self.w = nn.Parameter(x + 1).type(d)",
        "that nothing else has its storage": "self.w = nn.Parameter(x).t()",
        "that nothing writes it in place": (
            "class Model(nn.Module):\n    def __init__(self, x, d):\n        super().__init__()\n"
            "        self.w = nn.Parameter(x + 1).to(d)\n\n"
            "    def follow(self, other):\n        other.w.mul_(2)"
        ),
        "that nothing is done with all Parameters but to train, save and move them": (
            "self.w = nn.Parameter(x + 1).to(d)\nself.requires_grad_(False)"
        ),
        "that nothing but the attribute gets it": "w = nn.Parameter(x + 1).to(d)\nself.w = w",
        "that nothing else is stored in it": (
            "class Model(nn.Module):\n    def __init__(self, x, d):\n        super().__init__()\n"
            "        self.w = nn.Parameter(x + 1).to(d)\n\n"
            "    def load(self, name, value):\n        setattr(self, name, value)"
        ),
    },
    "PRM106": {
        "that nobody expects the ValueError": (
            "def f():\n    t = torch.ones(3, requires_grad=True) * 2\n    try:\n"
            "        return torch.optim.SGD([t], 0.1)\n    except Exception:\n        return t"
        ),
        "that the leaf is made in the same expression": (
            "t = torch.ones(3)\nu = t.requires_grad_() * 2\no = torch.optim.SGD([u], 0.1)"
        ),
        "that it is floating point": (
            "t = torch.ones(3, requires_grad=True).to(d)\no = torch.optim.SGD([t], 0.1)"
        ),
        "that what is evaluated has no other effects": (
            "t = torch.ones(3, requires_grad=True) * (k := 2)\no = torch.optim.SGD([t], 0.1)"
        ),
        "that nothing is done with it before an optimizer surely takes it": (
            "t = torch.ones(3, requires_grad=True) * 2\nprint(t)\no = torch.optim.SGD([t], 0.1)"
        ),
    },
    "PRM902": {
        "that it surely is a Parameter": "def f(layer):\n    layer.weight.data.fill_(0)",
        "that no backward pass of an earlier forward pass follows": (
            LAYER + "print(other(layer))\nlayer.bias.data.fill_(0)"
        ),
        "that no attribute is assigned anew": LAYER + "layer.bias.data += 1",
        "that what is evaluated has no other effects": (LAYER + "layer.bias.data[(k := 0)] = 1"),
    },
}


@pytest.mark.parametrize(("code", "says"), [(c, says) for c, of in UNPROVED.items() for says in of])
def test_what_is_not_proved_makes_a_fix_unsafe_and_is_said(code: str, says: str) -> None:
    [finding, *_] = fixes(UNPROVED[code][says], rule=code)

    assert finding.fix, finding.why_not_fixed
    assert finding.fix.applicability.value == "unsafe"
    assert says in finding.fix.message.partition("not proved: ")[2]


@pytest.mark.parametrize(
    "body",
    [
        "class Quiet:\n    def __enter__(self):\n        pass\n\n"
        "    def __exit__(self, *raised):\n        return True\n\n\n"
        f"def f():\n    layer = nn.Linear(3, 4)\n    with Quiet():\n        {W}",
        f"@HALF\ndef f():\n    layer = nn.Linear(3, 4)\n    {W}",
        f"def f():\n    layer = nn.Linear(3, 4)\n    {W}\n\n\nHALF(TypeError, f)",
        f"def f():\n    layer = nn.Linear(3, 4)\n    g(layer)\n\n\n"
        f"def g(layer: nn.Linear):\n    {W}\n\n\nHALF(f)",
        f"def f():\n    layer = nn.Linear(3, 4)\n    yield layer\n    {W}",
    ],
    ids=["block", "decorator", "handed on", "the caller is handed on", "who goes on with it"],
)
def test_somebody_may_wait_for_the_exception(body: str) -> None:
    [finding] = fixes(body)

    assert finding.fix, finding.why_not_fixed
    assert "that nobody expects the TypeError" in finding.fix.message


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("w = torch.ones(4, 3)\nlayer.weight = w\nw += 1", "storage of its own"),
        ("w = torch.ones(4, 3)\nlayer.weight = w\nw.requires_grad_()", "storage of its own"),
        ("w = torch.ones(4, 3)\nkept = [w]\nlayer.weight = w", "storage of its own"),
        ("for _ in x:\n    print(w)\n    w = torch.ones(4, 3)\n    layer.weight = w", "its own"),
        ("layer.weight = torch.ones(4, 3).to_sparse()", "dtype and device"),
        ("layer.weight = torch.ones(4, 3)\nnn.Linear.__setattr__ = x", "of which class"),
        ("with torch.inference_mode():\n    x = 1\nlayer.weight = torch.ones(4, 3)", "dtype"),
    ],
)
def test_who_has_the_value_and_in_which_form_is_asked(body: str, says: str) -> None:
    finding = fixes(LAYER + body)[-1]

    assert finding.fix, finding.why_not_fixed
    assert says in finding.fix.message.partition("not proved: ")[2]


@pytest.mark.parametrize("line", ["layer.bias.add_(1)", "w = nn.Parameter(torch.arange(3))"])
def test_who_waits_for_the_exception_is_told_of(line: str) -> None:
    for attempt, is_told in (
        (f"try:\n    {line}\nexcept Exception:\n    pass", True),
        (line, False),
    ):
        [finding] = fixes(LAYER + attempt)

        assert finding.fix
        assert ("who waits for the RuntimeError" in finding.fix.message) == is_told


def test_of_a_number_it_is_asked_where_it_is_written() -> None:
    finding = fixes("layer = nn.Linear(3, 4) if HALF else nn.BatchNorm1d(4)\nlayer.bias = 0.5")[-1]

    assert finding.fix
    assert "surely is this object" in finding.fix.message
    assert "shapes" not in finding.fix.message


def test_who_lists_the_attributes_is_asked_for() -> None:
    [finding] = fixes("self.w = nn.Parameter(x + 1).to(d)\nprint(vars(self))")

    assert finding.fix
    assert "nothing is done with all Parameters" in finding.fix.message


def test_a_value_that_nobody_sees_again_is_safe() -> None:
    [finding] = fixes(f"w = torch.ones(4, 3)\nprint(w)\n{LAYER}layer.weight = w")

    assert finding.fix
    assert finding.fix.applicability.value == "safe", finding.fix.message


def test_who_lets_exceptions_through_waits_for_none() -> None:
    [finding] = fixes(
        "@torch.no_grad()\ndef f(name):\n    layer = nn.Linear(3, 4)\n"
        f"    with open(name), torch.no_grad():\n        {W}\n\n\nf('a')"
    )

    assert finding.fix and finding.fix.applicability.value == "safe"


@pytest.mark.parametrize(
    "before",
    [
        "y = (layer.weight ** 2).sum()",
        "w = layer.weight\ny = (w * w).sum()",
        "y = F.linear(torch.ones(3), layer.weight)",
        "y = sum((p * p).sum() for p in layer.parameters())",
        "y = layer.weight.pow(2).sum()",
        "s = nn.Sequential(layer)\ny = s(torch.ones(3))",
        "f = layer.forward\ny = f(torch.ones(3))",
    ],
)
def test_what_is_computed_with_is_not_safely_written_over(before: str) -> None:
    [*_, finding] = fixes(LAYER + before + "\nlayer.weight.data.fill_(3)", rule="PRM902")

    assert finding.fix and finding.fix.applicability.value == "unsafe"


def test_a_dict_that_is_made_here_has_what_others_made() -> None:
    [*_, finding] = fixes(
        "def put(net, t):\n    held = dict(net.named_parameters())\n    for key in held:\n"
        "        if held[key].requires_grad:\n            held[key].data.copy_(t[key])",
        rule="PRM902",
    )

    assert finding.fix and finding.fix.applicability.value == "unsafe"


@pytest.mark.parametrize(
    "before",
    [
        "n = layer.weight.size(1) * 2",
        "layer.weight.data.fill_(2)",
        "o = torch.optim.SGD(layer.parameters(), 0.1)",
        "nn.init.ones_(layer.weight)",
        "s = layer.in_features ** 0.5",
    ],
)
def test_what_is_only_looked_at_is_safely_written_over(before: str) -> None:
    [*_, finding] = fixes(LAYER + before + "\nlayer.weight.data.fill_(3)", rule="PRM902")

    assert finding.fix and finding.fix.applicability.value == "safe"


def test_there_is_a_program_for_each_proof() -> None:
    asked = {
        terms.code: {question.says.partition(" (")[0] for question in terms.proved}
        for terms in TABLE
        if terms.proved
    }
    assert asked == {code: programs.keys() for code, programs in UNPROVED.items()}


REFUSED = {
    "a lazy Module": "layer = nn.LazyLinear(4)\nlayer.bias = torch.ones(4)",
    "other code comes here with what may be stored": (
        "def put(layer, t):\n    layer.weight = t\n\n\na = nn.Linear(3, 4)\n"
        "put(a, nn.Parameter(torch.ones(4, 3)))\nput(a, torch.ones(4, 3))"
    ),
    "tied to another name": LAYER + f"k = nn.Linear(3, 4)\nk.weight = layer.weight\n{W}",
    "between a forward pass and its backward pass": (
        LAYER + f"y = layer(torch.ones(3))\n{W}\ny.sum().backward()"
    ),
    "the Module has not been begun": (
        "class Model(nn.Module):\n    def __init__(self, d):\n"
        "        self.w = nn.Parameter(torch.ones(3)).to(d)"
    ),
    "called by others, too": (
        "def make(x):\n    return nn.Parameter(x) * 2\n\n\n"
        "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.w = make(torch.ones(3))\n\n\ndef loss(y):\n    return make(y).sum()"
    ),
    "another Parameter would no longer get its gradient": (
        "self.a = nn.Parameter(torch.zeros(3))\nself.w = nn.Parameter(torch.ones(3)) * self.a"
    ),
    "the storage of another Parameter": (
        "self.a = nn.Parameter(torch.zeros(3))\nself.w = nn.Parameter(self.a.data).view(3, 1)"
    ),
    "the graph may have kept": (
        "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(2, 2)\n\n    def forward(self, x):\n"
        "        for p in self.fc.parameters():\n            p = p * 0.5\n"
        "        return self.fc(x)"
    ),
    "in a step, the graph": (
        "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(2, 2)\n\n    def clip(self):\n"
        "        for p in self.fc.parameters():\n            p = p * 0.5\n\n"
        "    def forward(self, x):\n        y = self.fc(x)\n        self.clip()\n        return y"
    ),
    "between a forward pass and its backward": (
        "def clip(m):\n    for p in m.parameters():\n        p = p * 0.5\n\n\n"
        "def step(x):\n    m = nn.Sequential(nn.Linear(2, 2))\n    loss = m(x)\n    clip(m)\n"
        "    total = loss.sum()\n    total.backward()"
    ),
    "is the Parameter's own storage": LAYER + "layer.state_dict()['weight'] = layer.weight.t()",
    "has another shape": LAYER + "dict(layer.named_parameters())['bias'] = torch.ones(5)",
    "computes a weight of its Parameters": (
        LAYER + "nn.utils.parametrizations.weight_norm(layer)\n"
        "list(nn.Sequential(layer).parameters())[0] = torch.ones(4)"
    ),
    "that of no Parameter or buffer": (
        LAYER + "nn.utils.weight_norm(layer)\nlayer.state_dict()['weight'] = torch.ones(4, 3)"
    ),
    "what the value is differs": LAYER + "layer.bias = [1., 2.] if HALF else torch.ones(4)",
    "PRM107 is found then": (
        "class Model(nn.Module):\n    def __init__(self):\n"
        "        self.w = torch.ones(3, requires_grad=True)"
    ),
    "the old Parameter is kept elsewhere": (
        "layer = nn.Linear(3, 4)\no = torch.optim.SGD(layer.parameters(), 0.1)\n"
        "old = layer.weight\nlayer.weight = nn.Parameter(torch.ones(4, 3))\n"
        "print(old)\no.step()"
    ),
    "the new Parameter has another dtype": (
        "layer = nn.Linear(3, 4)\nlayer.bias = nn.Parameter(torch.zeros(4, dtype=torch.double))\n"
        "o = torch.optim.SGD(layer.parameters(), 0.1)\n"
        "layer.bias = nn.Parameter(torch.zeros(4))\no.step()"
    ),
    "the old Parameter is frozen": (
        "layer = nn.Linear(3, 4)\nlayer.requires_grad_(False)\n"
        "o = torch.optim.SGD(layer.parameters(), 0.1)\n"
        "layer.weight = nn.Parameter(torch.ones(4, 3), requires_grad=True)\no.step()"
    ),
    "may need a list": (
        "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.ws = [nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))]\n\n"
        "    def forward(self, x):\n        return combined(self.ws)\n\n\n"
        "def combined(ws):\n    return torch.stack(ws)"
    ),
    "write in one of its own": LAYER + "y = layer.weight.mul_(2).sum()",
    "'s' may be a number": (
        "class Model(nn.Module):\n    def __init__(self, sizes):\n        super().__init__()\n"
        "        self.d = {}\n        for s in sizes:\n"
        "            self.d[s] = nn.Linear(s, s)"
    ),
    "used without gradients only": (
        "class Model(nn.Module):\n    def __init__(self, t, u):\n        super().__init__()\n"
        "        self.teachers = (nn.Linear(2, 2), nn.Linear(2, 2))\n\n"
        "    def forward(self, x):\n        with torch.no_grad():\n"
        "            return self.teachers[0](x)"
    ),
    "takes the dtype and device of what is there": (
        "def fused(a: nn.Linear, b: nn.Linear):\n    layer = nn.Linear(3, 8)\n"
        "    both = torch.cat([a.weight, b.weight])\n    layer.weight.data = both\n"
        "    return layer"
    ),
    "may write before": (
        "layer = nn.Linear(3, 3)\na = nn.Linear(3, 3)\n"
        "layer.weight, a.weight = a.weight.data, layer.weight.data"
    ),
    "has its storage, and would change": (
        LAYER + "old = layer.bias.data\nlayer.bias = torch.ones(4)\nprint(old)"
    ),
    "make it with these": (
        "class Packed(nn.Linear):\n    def __init__(self, other):\n        super().__init__(3, 4)\n"
        "        self.weight.data = other.packed"
    ),
    "device of what is there already": (
        "def pruned(a: nn.Linear, rows):\n    layer = nn.Linear(3, 4)\n    kept = torch.ones(8)\n"
        "    kept[rows] = 0\n    layer.weight.data = a.weight.data[kept]\n    return layer"
    ),
    "the variable is written in place as well": (
        "class Trainer:\n    def update(self, rate):\n        self.model = nn.Linear(2, 2)\n"
        "        for p in self.model.parameters():\n            p = p * rate\n"
        "            p /= 2"
    ),
    "it is written in place in grad mode": (
        "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.w = torch.zeros(3, requires_grad=True)\n\n"
        "    def reset(self):\n        self.w[:] = 0"
    ),
    "integers cannot hold": (
        "layer = nn.Linear(3, 4)\n"
        "layer.steps = nn.Parameter(torch.zeros(3, dtype=torch.long), requires_grad=False)\n"
        "for p in [layer.steps]:\n    p = p * 0.5"
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_would_be_wrong_is_refused(reason: str) -> None:
    found = fixes(REFUSED[reason], rule="PRM901" if ".data = " in REFUSED[reason] else None)

    assert found
    assert [finding.fix for finding in found if finding.fix] == []
    assert any(reason in str(finding.why_not_fixed) for finding in found)


def test_the_table_has_every_rewrite() -> None:
    assert {code for terms in TABLE for code in terms.code.split(", ")} == REWRITES.keys()


def test_the_page_is_current() -> None:
    assert FIXES.read_text() == fixes_page()
