"""PRM203 and PRM303 to PRM306 rewritten: what is replaced, frozen, tied and initialised."""

from __future__ import annotations

import pytest
from rewritten import LAYER, fixed, fixes, program, rewritten

from flake8_paramassign.diagnostics import Applicability

STALE = (
    "def f(other):\n    layer = nn.Linear(3, 4)\n"
    "    optimizer = torch.optim.SGD(layer.parameters(), lr=1)\n    {}\n    optimizer.step()"
)
FROZEN = "def f(t):\n    layer = nn.Linear(3, 4).requires_grad_(False)\n    {}\n    return layer"
TIED = (
    "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = nn.Linear(3, 3)\n        self.b = nn.Linear(3, 3)\n        {}"
)
HOOK = (
    "from transformers import PreTrainedModel\n\n\nclass Model(PreTrainedModel):\n"
    "    def _init_weights(self, module):\n        {}"
)


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (
            "PRM203",
            LAYER + "layer.requires_grad = False  # why",
            "layer.requires_grad_(False)  # why",
        ),
        (
            "PRM203",
            LAYER + "(layer.requires_grad) = False",
            "(layer.requires_grad_)(False)",
        ),
        (
            "PRM203",
            LAYER + "layer.requires_grad = (\n    False  # why\n)",
            "layer.requires_grad_(\n    False  # why\n)",
        ),
        (
            "PRM303",
            STALE.format("layer.weight = nn.Parameter(torch.ones(4, 3))"),
            "    layer.weight.data.copy_(torch.ones(4, 3))\n",
        ),
        (
            "PRM303",
            STALE.format("layer.weight = nn.Parameter(data=make(), requires_grad=True)  # why"),
            "    layer.weight.data.copy_(make())  # why\n",
        ),
        (
            "PRM303",
            STALE.format("setattr(layer, 'weight', nn.Parameter(\n        make(),\n    ))"),
            "    layer.weight.data.copy_(make())\n",
        ),
        (
            "PRM303",
            STALE.format("new = nn.Parameter(make())\n    layer.weight = new"),
            "    layer.weight.data.copy_(new)\n",
        ),
        (
            "PRM303",
            STALE.format("layer.load_state_dict(other, strict=False, assign=True)"),
            "    layer.load_state_dict(other, strict=False)\n",
        ),
        (
            "PRM304",
            FROZEN.format("layer.weight = nn.Parameter(t)"),
            "layer.weight = nn.Parameter(t, requires_grad=False)\n",
        ),
        (
            "PRM304",
            FROZEN.format("layer.weight = nn.Parameter(\n        data=t,  # why\n    )"),
            "nn.Parameter(\n        data=t, requires_grad=False,  # why\n    )\n",
        ),
        (
            "PRM304",
            LAYER + "w = nn.Parameter(t, requires_grad=layer.weight.data.requires_grad)",
            "nn.Parameter(t, requires_grad=layer.weight.requires_grad)\n",
        ),
        (
            "PRM304",
            LAYER + "w = nn.Parameter(t, requires_grad=layer.weight.detach().requires_grad)",
            "nn.Parameter(t, requires_grad=layer.weight.requires_grad)\n",
        ),
        ("PRM306", HOOK.format("module.weight.data.normal_()"), "nn.init.normal_(module.weight)\n"),
        (
            "PRM306",
            HOOK.format("module.weight.data.normal_(\n            0.0, std=self.std\n        )"),
            "nn.init.normal_(module.weight, 0.0, std=self.std\n        )\n",
        ),
        (
            "PRM306",
            HOOK.format("module.weight.data.uniform_(-1, 1)  # why"),
            "nn.init.uniform_(module.weight, -1, 1)  # why\n",
        ),
        ("PRM306", HOOK.format("module.bias.data.zero_()"), "nn.init.zeros_(module.bias)\n"),
        (
            "PRM306",
            HOOK.format("module.bias.data.fill_(0.5)"),
            "nn.init.constant_(module.bias, 0.5)\n",
        ),
        (
            "PRM306",
            HOOK.format("nn.init.normal_(module.weight.data, std=0.02)"),
            "nn.init.normal_(module.weight, std=0.02)\n",
        ),
        # What nn.init cannot do waits for weights that were not loaded.
        *(
            (
                "PRM306",
                HOOK.format(statement),
                f'if not getattr({held}, "_is_hf_initialized", False):\n            {statement}\n',
            )
            for held, statement in [
                ("module.weight", "module.weight.data[module.padding_idx].zero_()"),
                ("module.weight", "module.weight.data = torch.eye(3)"),
                ("module.weight", "module.weight.data.uniform_(-1, to=1)"),
                ("module.weight", "module.weight.data.normal_().clamp_(-1, 1)"),
                ("module.bias", "module.bias.data.fill_(self.value)"),
                ("module.bias", "module.bias.data.copy_(torch.ones(3))  # why"),
                ("module.weight", "module.weight.data *= 2"),
            ]
        ),
    ],
)
def test_what_is_rewritten(rule: str, before: str, after: str) -> None:
    found = fixes(before, rule=rule)
    assert found
    assert all(d.fix and d.fix.applicability is Applicability.UNSAFE for d in found)

    whole = rewritten(before, rule=rule)

    assert after in whole
    assert fixed(whole.encode(), rule=rule).decode() == whole


def test_what_is_replaced_is_written_under_no_grad_in_the_other_style() -> None:
    before = STALE.format("layer.weight = nn.Parameter(make())\n    layer.bias = nn.Parameter(t)")

    assert rewritten(before, "no-grad", "PRM303") == program(
        STALE.format(
            "weight = make()\n    with torch.no_grad():\n        layer.weight.copy_(weight)\n"
            "        layer.bias.copy_(t)"
        )
    )


def test_all_that_an_initialiser_does_is_mended() -> None:
    body = HOOK.format(
        "if isinstance(module, nn.Embedding):\n"
        "            module.weight.data.normal_(0.0, 0.02)\n"
        "            if module.padding_idx is not None:\n"
        "                module.weight.data[module.padding_idx].zero_()\n"
        "        elif isinstance(module, nn.Linear):\n"
        "            module.bias.data.zero_()"
    )

    after = rewritten(body, rule="PRM306")

    assert "            nn.init.normal_(module.weight, 0.0, 0.02)\n" in after
    assert "            nn.init.zeros_(module.bias)\n" in after
    assert after.count("_is_hf_initialized") == 1


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        (
            TIED.format("self.a.weight.data = self.b.weight.data"),
            "self.a.weight = self.b.weight",
            "tie",
        ),
        (
            TIED.format("self.a.weight.data = self.b.weight.detach()"),
            "self.a.weight = self.b.weight",
            "tie",
        ),
        (
            TIED.format(
                "for p, q in zip(self.a.parameters(), self.b.parameters()):\n"
                "            p.data = q.data"
            ),
            "p.data.copy_(q.data)",
            "copy",
        ),
    ],
)
def test_of_two_readings_one_is_shown(before: str, after: str, note: str) -> None:
    [finding] = fixes(before, rule="PRM305")
    assert finding.fix
    edits = finding.fix.edits

    assert finding.fix.applicability is Applicability.DISPLAY
    assert note in finding.fix.message
    lines = program(before).splitlines()
    line = lines[edits[0].start.line - 1]
    for edit in reversed(edits):
        line = line[: edit.start.column] + edit.content + line[edit.end.column :]
    assert line.strip() == after
    assert rewritten(before, rule="PRM305") == program(before)


@pytest.mark.parametrize(
    ("rule", "body", "reason"),
    [
        ("PRM203", LAYER + "setattr(layer, 'requires_grad', False)", "instead of setattr()"),
        ("PRM203", LAYER + "layer.requires_grad = flag = False", "more than this"),
        (
            "PRM203",
            LAYER + "layer.requires_grad = False\nprint(hasattr(layer, 'requires_grad'))",
            "read in another place",
        ),
        ("PRM303", STALE.format("layer.weight = nn.Parameter(torch.ones(5, 3))"), "another shape"),
        (
            "PRM303",
            "def f(model: nn.Module):\n    optimizer = torch.optim.SGD(model.parameters(), lr=1)\n"
            "    model.head = nn.Linear(3, 4)\n    optimizer.step()",
            "a layer is replaced",
        ),
        (
            "PRM303",
            STALE.format("layer.extra = nn.Parameter(torch.ones(3))"),
            "may be no Parameter to write into",
        ),
        (
            "PRM303",
            STALE.replace("nn.Linear(3, 4)", "nn.Linear(3, 4, bias=False)").format(
                "layer.bias = nn.Parameter(torch.ones(4))"
            ),
            "the slot is empty",
        ),
        (
            "PRM303",
            STALE.format("layer.register_parameter('weight', nn.Parameter(torch.ones(4, 3)))"),
            "afterwards",
        ),
        ("PRM306", HOOK.format("w = module.weight.data.normal_()"), "_is_hf_initialized"),
        ("PRM306", HOOK.format("module.weight.data.mul_(2); x = 1"), "shares its line"),
        ("PRM306", HOOK.format("module[print()].weight.data.mul_(2)"), "in a local"),
    ],
)
def test_what_is_left_alone(rule: str, body: str, reason: str) -> None:
    found = fixes(body, rule=rule)

    assert found
    assert all(reason in str(finding.why_not_fixed) for finding in found)
    assert rewritten(body, rule=rule) == program(body)


@pytest.mark.parametrize(
    ("statement", "advice"),
    [
        ("module.bias.data.zero_()", "write nn.init.zeros_(module.bias, ...)"),
        ("nn.init.ones_(module.bias.data)", "write nn.init.ones_(module.bias, ...)"),
        ("module.bias.data /= 2", "only if not getattr(module.bias, '_is_hf_initialized', False)"),
    ],
)
def test_the_advice_of_prm306_is_what_the_fix_does(statement: str, advice: str) -> None:
    [finding] = fixes(HOOK.format(statement), rule="PRM306")

    assert advice in finding.message
