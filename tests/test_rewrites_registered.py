"""PRM903: what forward reads of plain tensors, and how each becomes a buffer."""

from __future__ import annotations

import pytest

from flake8_paramassign import analyze
from flake8_paramassign.fixes.engine import analyze_with_fixes, fix_source
from flake8_paramassign.fixes.rewrites.buffers import _OF_MODULES
from flake8_paramassign.settings import Settings

PRM903 = frozenset(["PRM903"])
USED = "x * self.c"


def program(stores: str, read: str = USED, more: str = "") -> str:
    """A file whose module stores in ``__init__``, and reads in ``forward``."""
    return (
        "import torch\nimport torch.nn as nn\nfrom torch import Tensor\n\n\n"
        "class Net(nn.Module):\n    def __init__(self, n, t):\n        super().__init__()\n"
        + "".join(f"        {line}\n" for line in stores.splitlines())
        + f"\n    def forward(self, x):\n        return {read}\n"
        + more
    )


def found(source: str) -> list[str]:
    """The names of what is found, and nothing hidden by the choice of candidates."""
    gated, everything = (
        analyze(source, settings=Settings(select=PRM903, exhaustive=exhaustive))
        for exhaustive in (False, True)
    )
    assert gated == everything
    return [d.message.split("'")[1] for d in gated]


def rewritten(source: str) -> str:
    fixed = fix_source(source.encode(), "x.py", Settings(select=PRM903), unsafe_fixes=True)
    return fixed.source.decode()


def why_not(source: str) -> str:
    [finding] = analyze_with_fixes(source.encode(), "x.py", settings=Settings(select=PRM903))
    assert finding.fix is None
    return str(finding.why_not_fixed)


@pytest.mark.parametrize(
    "read",
    [
        "x * self.c",
        "x[:, self.c]",
        "torch.where(self.c > 0, x, 0)",
        "x.masked_fill(self.c, 0)",
        "self.attention(x, mask=self.c)",
        "torch.cat([x, self.c])",
        "x + self.c.exp().view(-1)",
        "x + self.c.to(torch.float64)",
        "x + self.c.to(dtype=x.dtype)",
        "(x + self.c).to(x.device)",
        "x + (c := self.c.float())",
        "self.c",
        "self.helper(x)\n\n    def helper(self, x):\n        return x + self.c",
        "self.helper + x\n\n    @property\n    def helper(self):\n        return 2 + self.c @ f()",
    ],
)
def test_what_an_operation_takes_as_it_lies_is_found(read: str) -> None:
    assert found(program("self.c = torch.ones(3)", read)) == ["c"]


@pytest.mark.parametrize(
    "read",
    [
        "x",
        "x * self.c.to(x.device)",
        "x * self.c.to(x)",
        "x * self.c.cuda()",
        "x * self.c.type_as(x)",
        "x * self.c[None].expand(2, -1).to(x.device, x.dtype)",
        "x * (2 * self.c).to(x.device)",
        "x * torch.exp(self.c).to(x.device)",
        "x * x.new_tensor(self.c)",
        "x * torch.as_tensor(self.c, device=x.device)",
        "x * self.c.shape[0] * self.c.size(0) * len(self.c)",
        "x.split(self.c.tolist())",
        "x if self.c is None else -x",
        "x * (self.c.to(x.device) if x.is_cuda else self.c)",
        "place(x, self.c)\n\n\ndef place(x, c):\n    return x + c.to(x.device)",
        "self.other(x)\n\n    def unrelated(self, x):\n        return x * self.c",
    ],
)
def test_what_is_moved_or_only_looked_at_is_not(read: str) -> None:
    assert found(program("self.c = torch.ones(3)", read)) == []


def test_a_local_is_followed() -> None:
    source = program("self.c = torch.ones(3)", "x * c")
    used = source.replace("        return x", "        c = self.c\n        return x")
    assert found(used) == ["c"]
    assert found(used.replace("return", "c = c.to(x.device)\n        return")) == []


@pytest.mark.parametrize(
    "stores",
    [
        "self.c = t",
        "self.c = t.float()",
        "self.c = torch.ones(3) * t",
        "self.c = torch.tensor(3.0)",
        "self.c = torch.empty(0)",
        "self.c = torch.ones(3, requires_grad=True)",
        "self.c = nn.Parameter(torch.ones(3))",
        "self.c = nn.Parameter(torch.ones(3)).detach() * 2",
        "self.c = torch.ones(3)\nself.c = nn.Parameter(self.c)",
        "self.c = torch.ones(3)\nself.c = None",
        "if n:\n    self.c = torch.ones(3)\nelse:\n    self.c = 2.0",
        "if n:\n    self.c = nn.Parameter(torch.ones(3))\nelse:\n    self.c = torch.ones(3)",
        "self.c = torch.ones(3).numpy()",
        "self.c = torch.ones(3) if n else 1.0",
        "self.register_buffer('c', torch.ones(3))",
        "self.register_buffer('c', None)\nself.c = torch.ones(3)",
    ],
)
def test_what_is_no_constant_tensor_is_not(stores: str) -> None:
    assert found(program(stores)) == []


@pytest.mark.parametrize(
    "more",
    [
        "\n    def reset(self):\n        self.c = torch.zeros(3)\n",
        "\n    def reset(self):\n        self.c += 1\n",
        "\n    def reset(self):\n        self.c[0].zero_()\n",
        "\n    def reset(self):\n        del self.c\n",
        "\n    def reset(self, name):\n        setattr(self, name, None)\n",
        "\n\nclass Derived(Net):\n    def reset(self):\n        self.c = None\n",
        "\n\ndef place(net, device):\n    net.c = net.c.to(device)\n",
        "\n    def _apply(self, fn):\n        return super()._apply(fn)\n",
        "\n    def to(self, device):\n        return self\n",
        "\n\nclass Derived(Net):\n    def cuda(self):\n        return self\n",
    ],
)
def test_what_changes_later_or_is_moved_by_the_class_is_not(more: str) -> None:
    assert found(program("self.c = torch.ones(3)", more=more)) == []


@pytest.mark.parametrize(
    "more",
    [
        "\n\nclass Derived(Net):\n    def __init__(self):\n        self.c = torch.zeros(2)\n",
        "\n\nclass Other(nn.Module):\n    def reset(self):\n        self.c = None\n",
        "\n    def reset(self):\n        self.d = None\n",
        "\n\ndef update(options, name):\n    setattr(options, name, None)\n",
    ],
)
def test_what_is_changed_elsewhere_says_nothing(more: str) -> None:
    assert "c" in found(program("self.c = torch.ones(3)", more=more))


def test_what_never_comes_to_be_is_no_constant() -> None:
    """``make`` raises whenever it is called."""
    more = "\n\ndef make():\n    raise NotImplementedError\n"

    assert found(program("self.c = make()", more=more)) == []


def test_forward_may_stand_in_another_class() -> None:
    inherited = program("self.c = torch.ones(3)").replace("(nn.Module)", "(Base)")
    base, rest = inherited.split("class Net")
    head, forward = rest.split("    def forward")
    base += f"class Base(nn.Module):\n    def forward{forward}\n\n"
    assert found(f"{base}class Net{head}") == ["c"]
    derived = program("self.c = torch.ones(3)").replace("    def forward", "@    def forward")
    assert found(derived.replace("@", "\n\nclass Derived(Net):\n")) == ["c"]


def test_only_modules_count() -> None:
    assert found(program("self.c = torch.ones(3)").replace("(nn.Module)", "")) == []
    assert found(program("self.c = torch.ones(3)").replace("nn.Module", "unknown.Base")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "self.c = torch.ones(3)  # kept",
            'self.register_buffer("c", torch.ones(3), persistent=False)  # kept',
        ),
        (
            "(self).c = (  # why\n    torch.ones(3)\n)",
            '(self).register_buffer("c", (  # why\n    torch.ones(3)\n), persistent=False)',
        ),
        (
            "self.c = \\\n    torch.ones(3)",
            'self.register_buffer("c", torch.ones(3), persistent=False)',
        ),
        (
            "self.c, self.n = torch.ones(3), n",
            'c, self.n = torch.ones(3), n\nself.register_buffer("c", c, persistent=False)',
        ),
        (
            "setattr(self, 'c', torch.ones(3))",
            "self.register_buffer('c', torch.ones(3), persistent=False)",
        ),
        (
            "self.__setattr__('c', torch.ones(3))",
            "self.register_buffer('c', torch.ones(3), persistent=False)",
        ),
        (
            "self.c = torch.ones(3)\nself.c = self.c / 3",
            'self.register_buffer("c", torch.ones(3), persistent=False)\nself.c = self.c / 3',
        ),
        (
            "if n:\n    self.c = torch.ones(3)\nelse:\n    self.c = None",
            'if n:\n    self.register_buffer("c", torch.ones(3), persistent=False)\n'
            "else:\n    self.c = None",
        ),
        (
            "self.c = torch.ones(3)\nself.c = self.c.view(1)",
            'self.register_buffer("c", torch.ones(3), persistent=False)\nself.c = self.c.view(1)',
        ),
    ],
)
def test_the_statement_becomes_a_call(before: str, after: str) -> None:
    assert rewritten(program(before)) == program(after)


def test_the_receiver_stays_what_it_is() -> None:
    outer = "\n\nclass Outer(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
    before = (
        outer + "        net = Net(n, n)\n        net.c = torch.ones(3)\n        self.net = net\n"
    )
    after = before.replace(
        "net.c = torch.ones(3)", 'net.register_buffer("c", torch.ones(3), persistent=False)'
    )
    assert rewritten(program("", more=before)) == program("", more=after)


@pytest.mark.parametrize(
    ("stores", "reason"),
    [
        ("self.c = None\nself.c = torch.ones(3)", "KeyError"),
        ("self.c: Tensor = torch.ones(3)", "annotates"),
        ("self.c = torch.ones(3)\nc = torch.ones(2)\nself.c = c", "another place"),
    ],
)
def test_there_is_a_reason_where_there_is_no_fix(stores: str, reason: str) -> None:
    assert reason in why_not(program(stores))


def test_a_name_that_the_class_has_cannot_be_registered() -> None:
    source = program("self.c = torch.ones(3)")
    in_class = source.replace("    def __init__", "    c = None\n\n    def __init__")
    assert "the class has an attribute of that name" in why_not(in_class)
    of_module = source.replace("self.c", "self.half")
    assert "the class has an attribute of that name" in why_not(of_module)
    annotated = source.replace("    def __init__", "    c: Tensor\n\n    def __init__")
    assert "register_buffer" in rewritten(annotated)


def test_names_of_modules_are_those_that_torch_has() -> None:
    nn = pytest.importorskip("torch").nn
    public = {name for name in dir(nn.Module()) if name[0] != "_"}
    assert public - set(dir(dict)) <= _OF_MODULES


def test_before_init_there_is_no_registry() -> None:
    source = program("self.c = torch.ones(3)").replace("        super().__init__()\n", "")
    source = source.replace("torch.ones(3)\n", "torch.ones(3)\n        super().__init__()\n")
    assert "before super().__init__()" in why_not(source)


def test_it_is_off_unless_selected() -> None:
    assert analyze(program("self.c = torch.ones(3)")) == []


def test_the_message_says_what_to_write() -> None:
    [finding] = analyze(program("self.c = torch.ones(3)"), settings=Settings(select=PRM903))
    assert finding.message == (
        "'c' is a plain tensor that forward reads: .to() and .cuda() do not move it and it is not "
        'saved; write self.register_buffer("c", ..., persistent=False)'
    )
