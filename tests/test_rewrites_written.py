"""PRM201, PRM202, PRM301, PRM901 and PRM902 rewritten: what writes into a Parameter."""

from __future__ import annotations

import pytest
from rewritten import HEAD, LAYER, fixes, program, rewritten

NO_GRAD = "with torch.no_grad():"
EACH = LAYER + "for p in layer.parameters():\n    "
UNDER = f"{NO_GRAD}\n        "
SHARES = "a block needs lines of its own, and the statement shares its line"


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        # A step becomes an operation in place, another value is copied, a number fills.
        ("PRM201", EACH + "p = p - 0.1 * p.grad", UNDER + "p -= 0.1 * p.grad"),
        ("PRM201", EACH + "p = (p + 2)", UNDER + "p += 2"),
        ("PRM201", EACH + "p = p * (2 + 1)", UNDER + "p *= (2 + 1)"),
        ("PRM201", EACH + "p = p / 2  # why", UNDER + "p /= 2  # why"),
        ("PRM201", EACH + "p = p - 1 + 2", UNDER + "p.copy_(p - 1 + 2)"),
        ("PRM201", EACH + "p = 2 * p", UNDER + "p.copy_(2 * p)"),
        ("PRM201", EACH + "p = p.clamp(0, 1)", UNDER + "p.copy_(p.clamp(0, 1))"),
        ("PRM201", EACH + "p = 0.5", UNDER + "p.fill_(0.5)"),
        ("PRM201", EACH + "p = np.zeros(3)", UNDER + "p.copy_(torch.from_numpy(np.zeros(3)))"),
        (
            "PRM201",
            f"def f():\n    layer = nn.Linear(3, 4)\n    {NO_GRAD}\n"
            "        for p in layer.parameters():\n            p = p * 2",
            "        for p in layer.parameters():\n            p *= 2",
        ),
        # What is in a state_dict() shares the storage and is detached; a list holds Parameters.
        ("PRM202", LAYER + "layer.state_dict()['bias'] = 0", "layer.state_dict()['bias'].fill_(0)"),
        (
            "PRM202",
            LAYER + "layer.state_dict()['bias'] = np.zeros(4)",
            "layer.state_dict()['bias'].copy_(torch.from_numpy(np.zeros(4)))",
        ),
        (
            "PRM202",
            LAYER + "list(layer.parameters())[1] = (torch.zeros(4))",
            "list(layer.parameters())[1].data.copy_((torch.zeros(4)))",
        ),
        (
            "PRM202",
            LAYER + "layer.weight[0].data = torch.ones(3)",
            ".weight.data[0] = torch.ones(3)",
        ),
        # The statement goes under no_grad, with those beside it.
        (
            "PRM301",
            LAYER + "layer.weight.mul_(2)  # why",
            f"{NO_GRAD}\n    layer.weight.mul_(2)  # why",
        ),
        (
            "PRM301",
            LAYER + "layer.weight.mul_(2)\nlayer.bias[0] = 1\nlayer.bias += 1",
            f"{NO_GRAD}\n    layer.weight.mul_(2)\n    layer.bias[0] = 1\n    layer.bias += 1",
        ),
        (
            "PRM301",
            LAYER + f"layer.weight.mul_(2)\n{NO_GRAD}\n    layer.bias.mul_(2)",
            f"{NO_GRAD}\n    layer.weight.mul_(2)\n    layer.bias.mul_(2)",
        ),
        (
            "PRM301",
            LAYER + f"layer.weight.mul_(2)\n{NO_GRAD}  # why\n    layer.bias.mul_(2)",
            f"{NO_GRAD}\n    layer.weight.mul_(2)\n{NO_GRAD}  # why\n    layer.bias.mul_(2)",
        ),
        (
            "PRM301",
            LAYER + "torch.clamp_(layer.weight, 0, 1)",
            f"{NO_GRAD}\n    torch.clamp_(layer.weight, 0, 1)",
        ),
        (
            "PRM301",
            LAYER + "[p.zero_() for p in layer.parameters()]",
            f"{NO_GRAD}\n    [p.zero_() for p in layer.parameters()]",
        ),
        (
            "PRM301",
            "def f():\n    layer = nn.Linear(3, 4)\n    return layer.weight.zero_()",
            f"    {NO_GRAD}\n        return layer.weight.zero_()",
        ),
        # What may need gradients is computed before.
        (
            "PRM301",
            LAYER + "layer.weight -= compute(x)",
            f"weight = compute(x)\n{NO_GRAD}\n    layer.weight -= weight",
        ),
        (
            "PRM301",
            LAYER + "layer.weight.copy_(\n    compute(x)\n    + 1,\n)",
            f"weight = (compute(x)\n    + 1)\n{NO_GRAD}\n    layer.weight.copy_(weight)",
        ),
        (
            "PRM301",
            LAYER + "w = layer.weight\nw.add_(compute(x), alpha=2)",
            f"new_w = compute(x)\n{NO_GRAD}\n    w.add_(new_w, alpha=2)",
        ),
        # A new tensor is filled before it is a Parameter.
        (
            "PRM301",
            "def f():\n    return nn.Parameter(torch.empty(3)).normal_().clamp_(0, 1)",
            "    return nn.Parameter(torch.empty(3).normal_().clamp_(0, 1))",
        ),
        (
            "PRM301",
            "def f(t):\n    w = nn.Parameter(t).normal_()\n    return w",
            f"    {NO_GRAD}\n        w = nn.Parameter(t).normal_()\n    return w",
        ),
        ("PRM901", LAYER + "layer.bias.data = torch.ones(4)", ".bias.data.copy_(torch.ones(4))"),
        ("PRM901", LAYER + "layer.bias.data = make()", ".bias.data.copy_(make())"),
        (
            "PRM901",
            LAYER + "layer.bias.data = nn.Parameter(\n    torch.ones(4),\n)",
            "layer.bias.data.copy_(torch.ones(4))",
        ),
        (
            "PRM901",
            LAYER + "layer.bias.data = layer.bias.data.clamp(0, 1)",
            "layer.bias.data.copy_(layer.bias.data.clamp(0, 1))",
        ),
        (
            "PRM902",
            LAYER + "layer.weight.data.uniform_(0, 1).mul_(2)",
            f"{NO_GRAD}\n    layer.weight.uniform_(0, 1).mul_(2)",
        ),
        ("PRM902", LAYER + "layer.bias.data[0] *= 2", f"{NO_GRAD}\n    layer.bias[0] *= 2"),
        (
            "PRM902",
            LAYER + f"{NO_GRAD}\n    layer.bias.data.zero_()",
            f"{NO_GRAD}\n    layer.bias.zero_()",
        ),
        ("PRM902", LAYER + "nn.init.zeros_(layer.bias.data)", "nn.init.zeros_(layer.bias)"),
        # What holds the Parameter is assigned where that is an attribute or a local.
        (
            "PRM902",
            "layer = nn.ParameterList([nn.Parameter(torch.ones(3))])\nlayer[0].data *= 2",
            f"{NO_GRAD}\n    layer[0].mul_(2)",
        ),
        (
            "PRM902",
            "def f(w: nn.Parameter):\n    w.data *= 2",
            f"    {NO_GRAD}\n        w *= 2",
        ),
        (
            "PRM902",
            "def f():\n    w = nn.Parameter(torch.ones(3))\n\n    def g():\n        w.data *= 2\n\n"
            "    g()\n    return w",
            f"        {NO_GRAD}\n            w.mul_(2)",
        ),
    ],
)
def test_what_is_written(rule: str, before: str, after: str) -> None:
    found = fixes(before, rule=rule)
    assert found
    assert all(d.fix for d in found)

    whole = rewritten(before, rule=rule)

    assert after in whole
    assert whole.removeprefix(HEAD).count(NO_GRAD) == after.count(NO_GRAD) or NO_GRAD in before
    assert not [d for d in fixes(whole.removeprefix(HEAD), rule=rule) if d.fix]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            LAYER + "layer.bias.data = torch.ones(4)",
            f"{NO_GRAD}\n    layer.bias.copy_(torch.ones(4))",
        ),
        (
            LAYER + "layer.bias.data = make()  # why",
            f"bias = make()  # why\n{NO_GRAD}\n    layer.bias.copy_(bias)",
        ),
        (
            LAYER + "layer.bias.data = nn.Parameter(\n    torch.ones(4),\n)",
            f"{NO_GRAD}\n    layer.bias.copy_(torch.ones(4))",
        ),
    ],
)
def test_prm901_in_the_other_style(before: str, after: str) -> None:
    assert after in rewritten(before, "no-grad", "PRM901")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            LAYER + "list(layer.parameters())[0] = torch.ones(4, 3)",
            f"{NO_GRAD}\n    list(layer.parameters())[0].copy_(torch.ones(4, 3))",
        ),
        (
            LAYER + "layer.weight[0].data = torch.ones(3)",
            f"{NO_GRAD}\n    layer.weight[0] = torch.ones(3)",
        ),
    ],
)
def test_prm202_in_the_other_style(before: str, after: str) -> None:
    assert after in rewritten(before, "no-grad", "PRM202")


OTHER = LAYER + "other = nn.Linear(3, 4)\n"


@pytest.mark.parametrize(
    ("rule", "body", "reason"),
    [
        ("PRM201", EACH + "p = 'x'", "no tensor can be made"),
        ("PRM201", EACH + "p = p.data", "own storage"),
        ("PRM201", EACH + "p = p.detach()", "own storage"),
        ("PRM201", EACH.rstrip() + " p = p * 2", SHARES),
        ("PRM201", EACH + "p = q = p * 2", "does not assign the variable alone"),
        ("PRM202", LAYER + "layer.state_dict()['bias'] = None", "no tensor can be made"),
        (
            "PRM202",
            "layer = nn.Linear(3, 4, bias=False)\nlayer.state_dict()['bias'] = torch.ones(4)",
            "no such key",
        ),
        ("PRM202", LAYER + "a = layer.state_dict()['bias'] = torch.ones(4)", "more than this"),
        ("PRM202", LAYER + "layer(torch.ones(3)).data = torch.ones(4)", "what the call computes"),
        ("PRM301", LAYER + "layer.weight.mul_(2); layer.bias.mul_(2)", SHARES),
        ("PRM301", LAYER + "x = layer.weight.mul_(2).sum() + 1", "rest of the statement"),
        (
            "PRM301",
            LAYER + "if layer.weight.mul_(2).sum() > 0:\n    pass",
            "first line of a compound",
        ),
        ("PRM301", LAYER + "layer.weight.add_(f(), alpha=g())", "compute it before, in a local"),
        (
            "PRM301",
            "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.a = nn.Parameter(torch.ones(3))\n"
            "        self.b = nn.Parameter(torch.ones(3))\n\n    def forward(self, x):\n"
            "        self.a.copy_(x * self.b)\n        return x",
            "a gradient would have to flow",
        ),
        # A copy would not do what is done to the form of a Parameter.
        ("PRM901", LAYER + "layer.weight.data = torch.eye(4)", "another shape"),
        (
            "PRM901",
            "layer = nn.Linear(3, 4)\nlayer.bias = nn.Parameter(torch.ones(1).expand(4))\n"
            "layer.bias.data = torch.zeros(4)",
            "share memory",
        ),
        ("PRM901", LAYER + "layer.weight.data = layer.weight.data.half()", "in another form"),
        ("PRM901", LAYER + "layer.weight.data = layer.weight.data[ROWS]", "in another form"),
        ("PRM901", LAYER + "layer.weight.data = layer.weight.data.clone()", "in another form"),
        ("PRM901", LAYER + "layer.weight.data = layer.weight.t()", "another shape"),
        ("PRM901", "def f(layer):\n    layer.weight.data = torch.empty(0)", "its memory is freed"),
        (
            "PRM901",
            "def f(layer, rows):\n    layer.weight.data = rows\n    layer.out_features = len(rows)",
            "given another size",
        ),
        # Nor where somebody else has the storage, or is to have it.
        (
            "PRM901",
            LAYER + "old = layer.bias.data\nlayer.bias.data = torch.ones(4)",
            "kept under another name",
        ),
        (
            "PRM901",
            LAYER + "layer.bias.data = make()\nold = layer.bias.data\nlayer.bias.data = old",
            "kept under another name",
        ),
        (
            "PRM901",
            LAYER + "keep(layer.bias.data)\nlayer.bias.data = torch.ones(4)",
            "kept under another name",
        ),
        (
            "PRM901",
            LAYER + "old = [p for p in [layer.bias.data]]\nlayer.bias.data = torch.ones(4)",
            "kept under another name",
        ),
        (
            "PRM901",
            "def f(embedding):\n    layer = nn.Linear(3, 4)\n"
            "    layer.weight.data = embedding.weight.data\n    return layer",
            "tie the two",
        ),
        ("PRM901", OTHER + "layer.bias.data = other.bias.data\nlayer, other", "tie the two"),
        (
            "PRM901",
            OTHER + "layer.bias.data, other.bias.data = other.bias.data, layer.bias.data",
            "may be exchanged",
        ),
        (
            "PRM901",
            "class Model(nn.Linear):\n    def forward(self, x):\n"
            "        self.weight.data = torch.ones(3, 4)\n        return x",
            "in a step",
        ),
        ("PRM902", LAYER + "w = layer.weight.data\nw.zero_()", "taken in another statement"),
        ("PRM902", LAYER + "layer.weight.data.set_(torch.ones(3))", "and not the Parameter"),
        ("PRM902", LAYER + "w = layer.weight.data.zero_()", "would be the Parameter itself"),
        (
            "PRM902",
            LAYER + "w = nn.init.zeros_(layer.weight.data)",
            "would be the Parameter itself",
        ),
        (
            "PRM902",
            "layer = nn.ParameterList([nn.Parameter(torch.ones(3))])\nlayer[0].data **= 2",
            "cannot be assigned",
        ),
    ],
)
def test_what_is_left_alone(rule: str, body: str, reason: str) -> None:
    found = fixes(body, rule=rule)

    assert found
    assert all(reason in str(finding.why_not_fixed) for finding in found)
    assert rewritten(body, rule=rule) == program(body)


def test_a_step_in_place_keeps_the_backup_that_is_a_copy() -> None:
    body = LAYER + "old = layer.bias.data.clone()\nlayer.bias.data = make()\nlayer.bias.data = old"

    assert rewritten(body, rule="PRM901").count(".data.copy_(") == 2


def test_a_copy_into_data_says_what_becomes_of_another_shape() -> None:
    [finding] = fixes(LAYER + "layer.weight.data = torch.randn(HALF, 3)", rule="PRM901")

    assert finding.fix
    assert "raises where the shape does not fit" in finding.fix.message
    assert "RuntimeError if it was to get others" in finding.fix.message
