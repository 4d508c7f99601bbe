"""PRM101 rewritten: what is written into the Parameter, what becomes one, and under no_grad."""

from __future__ import annotations

import pytest
from rewritten import FC, HEAD, LAYER, SAFE, UNSAFE, fixed, fixes, program, rewritten

from flake8_paramassign.fixes.engine import analyze_with_fixes, fix_source
from flake8_paramassign.settings import Settings


@pytest.mark.parametrize(
    ("before", "after", "applicability"),
    [
        # The shape is proved: of numbers, of the arguments of the function, of another tensor.
        (LAYER + "layer.weight = torch.eye(4, 3)", ".data.copy_(torch.eye(4, 3))", SAFE),
        (LAYER + "layer.weight = torch.eye(4)", "= nn.Parameter(torch.eye(4))", UNSAFE),
        (LAYER + "layer.bias = torch.arange(4.)", ".data.copy_(torch.arange(4.))", SAFE),
        (FC + "self.fc.weight = torch.ones(m, n)", ".data.copy_(torch.ones(m, n))", SAFE),
        (FC + "self.fc.weight = torch.ones(n, m)", ".data.copy_(torch.ones(n, m))", UNSAFE),
        (FC + "self.fc.bias = torch.zeros(m)", ".data.copy_(torch.zeros(m))", SAFE),
        (
            FC + "self.fc.weight = torch.rand(self.fc.weight.shape)",
            ".data.copy_(torch.rand(self.fc.weight.shape))",
            SAFE,
        ),
        (
            FC + "self.fc.bias = torch.zeros_like(self.fc.bias)",
            ".data.copy_(torch.zeros_like(self.fc.bias))",
            SAFE,
        ),
        (FC + "self.fc.bias = self.fc.bias * 2", ".data.copy_(self.fc.bias * 2)", SAFE),
        (FC + "self.fc.bias = self.fc.bias + x", ".data.copy_(self.fc.bias + x)", UNSAFE),
        (
            "other = Other(3)\nother.weight = torch.ones(3)",
            "other.weight.data.copy_(torch.ones(3))",
            SAFE,
        ),
        (
            "other = Other(4)\nother.weight = torch.ones(3)",
            "other.weight = nn.Parameter(torch.ones(3))",
            UNSAFE,
        ),
        (
            "def f(size):\n    other = Other(size)\n    other.weight = torch.ones(3)",
            "other.weight.data.copy_(torch.ones(3))",
            UNSAFE,
        ),
        (
            "def f(n, m):\n    other = Other(n)\n"
            "    other.weight = torch.ones_like(Other(m).weight)",
            "other.weight.data.copy_(torch.ones_like(Other(m).weight))",
            UNSAFE,
        ),
        (
            "def f(size):\n    layer = nn.Linear(3, 4)\n    layer.weight = torch.ones(size)",
            "layer.weight.data.copy_(torch.ones(size))",
            UNSAFE,
        ),
        (
            "self.w = nn.Parameter(torch.zeros(n))\nself.w = torch.ones(n).t()",
            "self.w.data.copy_(torch.ones(n).t())",
            UNSAFE,
        ),
        # Of two objects, what is true of one need not be true of the other.
        (
            "layer = nn.Linear(3, 4) if HALF else nn.Linear(3, 5)\nlayer.weight = torch.eye(4, 3)",
            "layer.weight.data.copy_(torch.eye(4, 3))",
            UNSAFE,
        ),
        (
            "layer = nn.Linear(3, 4, bias=False) if HALF else nn.Linear(3, 4)\n"
            "layer.bias = torch.ones(4)",
            "layer.bias = nn.Parameter(torch.ones(4))",
            UNSAFE,
        ),
        # Nothing is proved of an object that somebody else made.
        (
            "class Fixed(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            "        self.w = nn.Parameter(torch.zeros(3))\n\n\n"
            "def f(fixed: Fixed):\n    fixed.w = torch.ones(3)",
            "fixed.w.data.copy_(torch.ones(3))",
            UNSAFE,
        ),
        (
            "def f(layer: nn.Linear):\n    layer.weight = torch.zeros_like(layer.weight)",
            "layer.weight.data.copy_(torch.zeros_like(layer.weight))",
            UNSAFE,
        ),
        # Code that may do more than give a value.
        (
            LAYER + "layer.weight = torch.ones(4, 3) * (k := 2)",
            ".data.copy_(torch.ones(4, 3) * (k := 2))",
            UNSAFE,
        ),
        (
            "layer = [nn.Linear(3, 4)]\nlayer[0].weight = torch.ones(4, 3)",
            "layer[0].weight.data.copy_(torch.ones(4, 3))",
            UNSAFE,
        ),
        (
            LAYER + "(layer if print() else layer).weight = torch.eye(4, 3)",
            "(layer if print() else layer).weight.data.copy_(torch.eye(4, 3))",
            UNSAFE,
        ),
        (
            LAYER + "layer.bias = torch.empty(4).normal_()",
            "layer.bias.data.copy_(torch.empty(4).normal_())",
            SAFE,
        ),
        (
            LAYER + "t = torch.empty(4)\nlayer.bias = t.normal_()",
            "layer.bias.data.copy_(t.normal_())",
            UNSAFE,
        ),
        # A handler may expect what happens today.
        (
            "def f():\n    layer = nn.Linear(3, 4)\n    try:\n"
            "        layer.weight = torch.ones(4, 3)\n    except Exception:\n        print()",
            "layer.weight.data.copy_(torch.ones(4, 3))",
            UNSAFE,
        ),
        # Another dtype is meant; integers are not.
        (
            LAYER + "layer.bias = torch.ones(4, dtype=torch.float64)",
            "= nn.Parameter(torch.ones(4, dtype=torch.float64))",
            UNSAFE,
        ),
        (
            LAYER + "layer.bias = torch.ones(4, dtype=torch.int64)",
            ".data.copy_(torch.ones(4, dtype=torch.int64))",
            UNSAFE,
        ),
        # What is frozen stays so.
        (
            LAYER + "layer.bias.requires_grad_(False)\nlayer.bias = torch.ones(5)",
            "= nn.Parameter(torch.ones(5), requires_grad=False)",
            UNSAFE,
        ),
        (
            LAYER + "layer.bias.requires_grad_(False)\nlayer.bias = (torch.ones(5))",
            "= nn.Parameter((torch.ones(5)), requires_grad=False)",
            UNSAFE,
        ),
        (
            "layer = nn.Linear(3, 4, bias=False)\nlayer.bias = layer.k = torch.ones(5)",
            "\nlayer.bias = nn.Parameter(bias)",
            UNSAFE,
        ),
        # Another layout of the Parameter's own storage cannot be copied into it.
        (LAYER + "layer.weight = layer.weight.t()", "= nn.Parameter(layer.weight.t())", UNSAFE),
        (LAYER + "layer.weight = layer.weight[:2]", "= nn.Parameter(layer.weight[:2])", UNSAFE),
        (
            LAYER + "w = layer.weight.view(4, 3)\nlayer.weight = w",
            "layer.weight = nn.Parameter(w)",
            UNSAFE,
        ),
        (
            LAYER + "k = nn.Linear(3, 4)\nlayer.weight = k.weight.to(HALF)",
            "layer.weight.data.copy_(k.weight.to(HALF))",
            UNSAFE,
        ),
        (LAYER + "layer.bias = layer.bias.half()", "= nn.Parameter(layer.bias.half())", UNSAFE),
        # A slot that is empty.
        (
            "layer = nn.Linear(3, 4, bias=False)\nlayer.bias = torch.ones(4)",
            "layer.bias = nn.Parameter(torch.ones(4))",
            UNSAFE,
        ),
        (
            LAYER + "layer.bias = torch.ones(4) if x else None",
            "layer.bias = nn.Parameter(torch.ones(4)) if x else None",
            UNSAFE,
        ),
        # What is written element by element must not share memory.
        (
            LAYER + "layer.bias.data = torch.ones(1).expand(4)\nlayer.bias = torch.ones(4)",
            "layer.bias = nn.Parameter(torch.ones(4))",
            UNSAFE,
        ),
        # What is no tensor.
        (LAYER + "layer.bias = 0", "layer.bias.data.fill_(0)", UNSAFE),
        (LAYER + "layer.bias = -0.5", "layer.bias.data.fill_(-0.5)", UNSAFE),
        (LAYER + "layer.bias = [1, -2]", "layer.bias.data.copy_(torch.tensor([1, -2]))", UNSAFE),
        (
            LAYER + "layer.bias = (1, 2)",
            "layer.bias.data.copy_(torch.tensor((1, 2)))",
            UNSAFE,
        ),
        (
            LAYER + "layer.bias = np.ones(4)",
            "layer.bias.data.copy_(torch.from_numpy(np.ones(4)))",
            UNSAFE,
        ),
        (
            "layer = nn.Linear(3, 4, bias=False)\nlayer.bias = [1., 2.]",
            "layer.bias = nn.Parameter(torch.tensor([1., 2.]))",
            UNSAFE,
        ),
        # The ways to store.
        (
            LAYER + "layer.bias: nn.Parameter = torch.ones(4)",
            "layer.bias: nn.Parameter = nn.Parameter(torch.ones(4))",
            UNSAFE,
        ),
        (
            "self.register_parameter('w-1', nn.Parameter(torch.ones(3)))\n"
            "setattr(self, 'w-1', torch.zeros(3))",
            "getattr(self, 'w-1').data.copy_(torch.zeros(3))",
            SAFE,
        ),
        (
            LAYER + "setattr(layer, 'weight', torch.eye(4, 3))",
            "layer.weight.data.copy_(torch.eye(4, 3))",
            SAFE,
        ),
        (
            LAYER + "setattr(x or layer, 'weight', torch.eye(4, 3),)",
            "(x or layer).weight.data.copy_(torch.eye(4, 3),)",
            UNSAFE,
        ),
        (
            LAYER + "layer.__setattr__('weight', (torch.eye(4, 3)))",
            "layer.weight.data.copy_((torch.eye(4, 3)))",
            SAFE,
        ),
        (LAYER + "layer.weight @= torch.eye(3)", ".copy_(layer.weight @ torch.eye(3))", SAFE),
        (LAYER + "layer.weight @= x + x", ".copy_(layer.weight @ (x + x))", UNSAFE),
        (
            "self.register_parameter(name='w', param=torch.ones(3))",
            "self.register_parameter(name='w', param=nn.Parameter(torch.ones(3)))",
            UNSAFE,
        ),
        (
            "class Model(nn.Linear):\n    def reset(self):\n"
            "        super().__setattr__('bias', torch.ones(4))",
            "        self.bias.data.copy_(torch.ones(4))",
            UNSAFE,
        ),
        # Beside other targets.
        (
            LAYER + "k = layer.bias = torch.ones(4)  # why",
            "k = torch.ones(4)  # why\nlayer.bias.data.copy_(k)\n",
            UNSAFE,
        ),
        (
            LAYER + "layer.bias, k = torch.ones(4), 1",
            "bias, k = torch.ones(4), 1\nlayer.bias.data.copy_(bias)\n",
            UNSAFE,
        ),
        (
            "layer = nn.Linear(3, 4, bias=False)\nlayer.bias = layer.k = torch.ones(4)",
            "bias = layer.k = torch.ones(4)\nlayer.bias = nn.Parameter(bias)\n",
            UNSAFE,
        ),
        # Layout.
        (
            LAYER + "layer.weight = \\\n    torch.eye(4, 3)",
            "layer.weight.data.copy_(torch.eye(4, 3))",
            SAFE,
        ),
        (
            LAYER + "layer.weight = (  # why\n    torch.eye(4, 3)\n)",
            "layer.weight.data.copy_(  # why\n    torch.eye(4, 3)\n)",
            SAFE,
        ),
        (
            LAYER + "(layer.weight) = (torch.eye(4, 3))",
            "(layer.weight).data.copy_(torch.eye(4, 3))",
            SAFE,
        ),
    ],
)
def test_prm101_a_value_is_written_into_the_parameter_or_made_one(
    before: str, after: str, applicability: str
) -> None:
    [finding] = fixes(before)

    assert finding.code == "PRM101"
    assert finding.fix, finding.why_not_fixed
    assert finding.fix.applicability.value == applicability
    assert after in rewritten(before)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (LAYER + "layer.weight @= torch.ones(3, 5)", "make a new one"),
        (LAYER + "(layer if print() else layer).weight @= torch.eye(3)", "target twice"),
        (LAYER + "for layer.bias in [torch.ones(4)]:\n    pass", "for or with"),
        (LAYER + "layer.bias = nn.Linear(2, 3)", "no value for a Parameter"),
        (LAYER + "layer.bias = 'a'", "no tensor can be made"),
        (LAYER + "layer.bias = {1, 2}", "no tensor can be made"),
        (LAYER + "layer.bias = [torch.ones(2), 'a']", "no tensor can be made"),
        (LAYER + "layer.bias = layer.bias.detach()", "requires_grad_(False) freezes it"),
        (LAYER + "layer.bias = layer.bias.data", "requires_grad_(False) freezes it"),
        (LAYER + "k = nn.Linear(3, 4)\nlayer.bias = k.bias * 2", "a gradient would have to flow"),
        ("layer = nn.LazyLinear(4)\nlayer.bias = torch.ones(4)", "at the first call"),
        ("layer = nn.Linear(3, 4, bias=False)\nlayer.bias = 0.5", "of which shape is not known"),
        (LAYER + "setattr(layer, 'bias',  # why\n    torch.ones(4))", "a comment stands"),
        (LAYER + "setattr(layer, 'bias', *[torch.ones(4)])", "does not find the expression"),
        (
            "class Model(nn.Linear):\n    def forward(self, x):\n        self.bias = torch.ones(4)",
            "in a local variable",
        ),
    ],
)
def test_prm101_is_left_alone_where_the_rewrite_is_not_sure(body: str, reason: str) -> None:
    [finding] = fixes(body)

    assert finding.fix is None
    assert reason in str(finding.why_not_fixed)
    assert rewritten(body) == program(body)


NO_GRAD = "with torch.no_grad():"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            LAYER + "layer.weight = torch.eye(4, 3)",
            f"{NO_GRAD}\n    layer.weight.copy_(torch.eye(4, 3))\n",
        ),
        (LAYER + "layer.bias = 0", f"{NO_GRAD}\n    layer.bias.fill_(0)\n"),
        (
            LAYER + "setattr(layer, 'bias', torch.ones(4))  # why",
            f"{NO_GRAD}\n    layer.bias.copy_(torch.ones(4))  # why\n",
        ),
        # Neighbours share a block, whoever wrote it; others do not.
        (
            LAYER + "layer.weight = torch.eye(4, 3)  # why\nlayer.bias = torch.ones(4)",
            f"{NO_GRAD}\n    layer.weight.copy_(torch.eye(4, 3))  # why\n"
            "    layer.bias.copy_(torch.ones(4))\n",
        ),
        (
            LAYER + f"{NO_GRAD}\n  nn.init.eye_(layer.weight)\nlayer.bias = torch.ones(4)",
            f"{NO_GRAD}\n  nn.init.eye_(layer.weight)\n  layer.bias.copy_(torch.ones(4))\n",
        ),
        (
            LAYER + "layer.weight = torch.eye(4, 3)\n\nlayer.bias = torch.ones(4)",
            f"{NO_GRAD}\n    layer.weight.copy_(torch.eye(4, 3))\n\n"
            f"{NO_GRAD}\n    layer.bias.copy_(torch.ones(4))\n",
        ),
        (
            LAYER + f"{NO_GRAD}\n    layer.bias = torch.ones(4)",
            f"{NO_GRAD}\n    layer.bias.copy_(torch.ones(4))\n",
        ),
        (
            LAYER + "with open(HALF) as f:\n    pass\nlayer.bias = torch.ones(4)",
            f"    pass\n{NO_GRAD}\n    layer.bias.copy_(torch.ones(4))\n",
        ),
        (
            LAYER + "with torch.enable_grad():\n    pass\nlayer.bias = torch.ones(4)",
            f"    pass\n{NO_GRAD}\n    layer.bias.copy_(torch.ones(4))\n",
        ),
        # Further lines are indented, but for those in a string.
        (
            LAYER + 'layer.bias = torch.ones(\n    4,\n\n    len("""\n a"""))',
            f"{NO_GRAD}\n    layer.bias.copy_(torch.ones(\n        4,\n\n"
            '        len("""\n a""")))\n',
        ),
        # What may need gradients, or change something, is computed before.
        (
            "def make():\n    return torch.ones(4)\n\nlayer = nn.Linear(3, 4)\n"
            "layer.bias = make()  # why",
            f"bias = make()  # why\n{NO_GRAD}\n    layer.bias.copy_(bias)\n",
        ),
        (
            "def make(bias):\n    return torch.ones(4)\n\nlayer = nn.Linear(3, 4)\n"
            "layer.bias = make(2)",
            f"new_bias = make(2)\n{NO_GRAD}\n    layer.bias.copy_(new_bias)\n",
        ),
        (
            "def len(x):\n    return 4\n\nlayer = nn.Linear(3, 4)\nlayer.bias = torch.ones(len(4))",
            f"bias = torch.ones(len(4))\n{NO_GRAD}\n    layer.bias.copy_(bias)\n",
        ),
        (
            LAYER + "layer.weight @= print(1) or torch.eye(3)",
            f"weight = print(1) or torch.eye(3)\n{NO_GRAD}\n"
            "    layer.weight.copy_(layer.weight @ weight)\n",
        ),
        (
            LAYER + "bias = layer.bias, k = torch.ones(4), 1",
            f"bias = new_bias, k = torch.ones(4), 1\n{NO_GRAD}\n    layer.bias.copy_(new_bias)\n",
        ),
        (
            LAYER + "layer.bias = (print(1) or torch.ones(4))",
            f"bias = (print(1) or torch.ones(4))\n{NO_GRAD}\n    layer.bias.copy_(bias)\n",
        ),
        # What one statement gives to several is written in one block, in their order.
        (
            LAYER + "b, c = nn.Linear(3, 4), nn.Linear(3, 4)\n"
            "layer.bias = b.bias = c.bias = torch.ones(4)\nc.weight = torch.ones(4, 3)",
            f"bias = torch.ones(4)\n{NO_GRAD}\n    layer.bias.copy_(bias)\n    b.bias.copy_(bias)\n"
            "    c.bias.copy_(bias)\n    c.weight.copy_(torch.ones(4, 3))\n",
        ),
        (
            LAYER + f"b = layer.bias = torch.ones(4)\n{NO_GRAD}\n    print(b)",
            f"b = torch.ones(4)\n{NO_GRAD}\n    layer.bias.copy_(b)\n    print(b)\n",
        ),
        # Another Parameter is none of these writes.
        (
            "layer = nn.Linear(3, 4, bias=False)\nlayer.bias = torch.ones(4)",
            "layer.bias = nn.Parameter(torch.ones(4))\n",
        ),
    ],
)
def test_the_no_grad_style_writes_blocks(before: str, after: str) -> None:
    body = rewritten(before, "no-grad").removeprefix(HEAD)

    assert body.endswith(after)
    assert body.count(NO_GRAD) == after.count(NO_GRAD)


def test_what_one_statement_gives_to_several_is_written_in_their_order() -> None:
    body = rewritten(
        LAYER + "b = nn.Linear(3, 4)\nlayer.bias = b.bias = torch.ones(4)\nprint(b.bias)"
    )

    assert body.endswith(
        "bias = torch.ones(4)\nlayer.bias.data.copy_(bias)\nb.bias.data.copy_(bias)\n"
        "print(b.bias)\n"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (LAYER + "layer.bias = torch.ones(4); k = 1", "shares its line"),
        (LAYER + "k = 1; layer.bias = torch.ones(4)", "shares its line"),
        (LAYER + "if True: layer.bias = torch.ones(4)", "shares its line"),
        (LAYER + "if True: layer.bias, k = torch.ones(4), 1", "shares its line"),
        (LAYER + "[layer][print() or 0].weight = torch.eye(4, 3) * len(open())", "need gradients"),
    ],
)
def test_the_no_grad_style_needs_room(body: str, reason: str) -> None:
    [finding] = fixes(body, "no-grad")

    assert finding.fix is None
    assert reason in str(finding.why_not_fixed)


def test_a_block_is_indented_like_others_of_the_file() -> None:
    source = (
        b"import torch\nif True: pass\nif True:\n  layer = torch.nn.Linear(3, 4)\nlayer.bias = 0.\n"
    )

    after = fixed(source, style="no-grad").decode()

    assert after.endswith(f"{NO_GRAD}\n  layer.bias.fill_(0.)\n")


def test_the_write_above_is_mended_first_and_need_not_be() -> None:
    source = program(
        LAYER + "layer.weight = torch.eye(4)[:, :3]  # noqa\nlayer.bias = torch.ones(4)"
    )
    unsafe, safe = analyze_with_fixes(source.encode(), "x.py", settings=Settings(style="no-grad"))
    assert unsafe.fix and safe.fix

    result = fix_source(source.encode(), "x.py", Settings(style="no-grad"))

    assert result.source.decode().endswith(
        f"[:, :3]  # noqa\n{NO_GRAD}\n    layer.bias.copy_(torch.ones(4))\n"
    )


def test_what_a_module_holds_is_asked_when_all_code_has_been_run() -> None:
    body = (
        "class Body(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(3, 4)\n\n\n"
        "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.body = Body()\n        self.body.fc.requires_grad_(False)\n\n"
        "    def load(self):\n        self.body.fc.weight = torch.ones(4, 3)"
    )

    assert "        self.body.fc.weight.data.copy_(torch.ones(4, 3))\n" in rewritten(body)
