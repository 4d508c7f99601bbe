"""PRM102 to PRM108 rewritten."""

from __future__ import annotations

import pytest
from rewritten import IN_INIT, SAFE, UNSAFE, fixes, program, rewritten

from flake8_paramassign.fixes.rewrites import containers
from flake8_paramassign.fixes.rewrites.container_uses import TAKEN


@pytest.mark.parametrize(
    ("before", "after", "applicability"),
    [
        # Methods that keep every value, on what is stored at once.
        ("self.w = nn.Parameter(x).to(d)", "self.w = nn.Parameter(x.to(d))", SAFE),
        ("self.w = nn.Parameter(x,).cuda()", "self.w = nn.Parameter(x.cuda(),)", SAFE),
        ("self.w = nn.Parameter(x).t().contiguous()", "nn.Parameter(x.t().contiguous())", UNSAFE),
        ("self.w = nn.Parameter((x + 1)).mT", "self.w = nn.Parameter((x + 1).mT)", SAFE),
        ("self.w = nn.Parameter(x + 1).to(d)", "self.w = nn.Parameter((x + 1).to(d))", SAFE),
        (
            "self.w = nn.Parameter(data=-x, requires_grad=False).view(n, m)",
            "self.w = nn.Parameter(data=(-x).view(n, m), requires_grad=False)",
            SAFE,
        ),
        (
            "self.w = nn.Parameter(x).to(d).requires_grad_(False)",
            "self.w = nn.Parameter(x.to(d)).requires_grad_(False)",
            SAFE,
        ),
        (
            "self.v, self.w = n, nn.Parameter(x).to(d)",
            "self.v, self.w = n, nn.Parameter(x.to(d))",
            SAFE,
        ),
        (
            "self.w = (nn.Parameter(x)  # the data\n          .to(d))  # moved",
            "self.w = (nn.Parameter(x  # the data\n                  .to(d)))  # moved",
            SAFE,
        ),
        ("self.w = nn.Parameter(x) \\\n    .to(d)", "nn.Parameter(x \\\n            .to(d))", SAFE),
        # Arithmetic changes the gradient's scale, an index keeps the whole storage.
        ("self.w = nn.Parameter(x) * 0.1", "self.w = nn.Parameter(x * 0.1)", UNSAFE),
        ("self.w = 2 * nn.Parameter(x + 1)", "self.w = nn.Parameter(2 * (x + 1))", UNSAFE),
        ("self.w = -nn.Parameter(x).to(d)", "self.w = nn.Parameter(-x.to(d))", UNSAFE),
        ("self.w = nn.Parameter(x)[0]", "self.w = nn.Parameter(x[0])", UNSAFE),
        ("self.w = nn.Parameter(x).to(d).normal_()", "nn.Parameter(x.to(d).normal_())", UNSAFE),
        ("self.w = nn.Parameter(x).to(d())", "self.w = nn.Parameter(x.to(d()))", UNSAFE),
        (
            "self.w = F.relu(nn.Parameter(x + 1).to(d))",
            "self.w = nn.Parameter(F.relu((x + 1).to(d)))",
            UNSAFE,
        ),
        (
            "self.w = F.relu(nn.Parameter(x + 1))",
            "self.w = nn.Parameter(F.relu(x + 1))",
            UNSAFE,
        ),
        (
            "self.w = 0.5 * (  # half\n    nn.Parameter(x))",
            "self.w = nn.Parameter(0.5 * (  # half\n            x))",
            UNSAFE,
        ),
        (
            "self.w = 2 * (nn.Parameter(x + 1))",
            "self.w = nn.Parameter(2 * (x + 1))\n",
            UNSAFE,
        ),
        # Two Parameters become one.
        (
            "self.w = nn.Parameter(x + 1) @ nn.Parameter(x)",
            "self.w = nn.Parameter((x + 1) @ x)",
            UNSAFE,
        ),
        # What has another name, or is used as a tensor.
        ("self.w = k = nn.Parameter(x).to(d)", "self.w = k = nn.Parameter(x.to(d))", UNSAFE),
        ("self.w = (k := nn.Parameter(x).to(d))", "(k := nn.Parameter(x.to(d)))", UNSAFE),
        ("p = nn.Parameter(x)\nself.w = p.to(d)", "self.w = nn.Parameter(p.to(d))", UNSAFE),
        ("p = nn.Parameter(x).to(d)\nself.w = p", "p = nn.Parameter(x.to(d))", UNSAFE),
        # All that may be stored.
        (
            "self.w = nn.Parameter(x).to(d) if n else nn.Parameter(-x).to(d)",
            "self.w = nn.Parameter(x.to(d)) if n else nn.Parameter((-x).to(d))",
            SAFE,
        ),
        (
            "if n:\n    p = nn.Parameter(x).to(d)\nelse:\n    p = nn.Parameter(-x) * 2\nself.w = p",
            "if n:\n            p = nn.Parameter(x.to(d))\n        else:\n"
            "            p = nn.Parameter((-x) * 2)\n        self.w = p",
            UNSAFE,
        ),
        (
            IN_INIT + "        self.w = nn.Parameter(x).to(d)\n"
            "    def reset(self, w):\n        self.w = w",
            "self.w = nn.Parameter(x.to(d))",
            UNSAFE,
        ),
    ],
)
def test_prm102_the_operation_moves_inside(before: str, after: str, applicability: str) -> None:
    finding = next(finding for finding in fixes(before) if finding.code == "PRM102")

    assert finding.fix, finding.why_not_fixed
    assert finding.fix.applicability.value == applicability
    assert after in rewritten(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "self.w = torch.ones(3, requires_grad=True).to(d)",
            "self.w = nn.Parameter(torch.ones(3).to(d))",
        ),
        (
            "self.w = (torch.ones(3).requires_grad_(True))",
            "self.w = nn.Parameter(torch.ones(3))",
        ),
        (
            "self.w = torch.full(requires_grad=True, size=(3,), fill_value=1.)",
            "self.w = nn.Parameter(torch.full(size=(3,), fill_value=1.))",
        ),
        (
            "self.w = torch.full(\n    (3,),\n    1.,  # all\n    requires_grad=True,\n)",
            "nn.Parameter(torch.full(\n            (3,),\n            1.,  # all\n        ))",
        ),
        (
            "self.w = torch.full(\n    (3,),\n    1.,\n    requires_grad=True\n)",
            "nn.Parameter(torch.full(\n            (3,),\n            1.\n        ))",
        ),
        (
            "self.w = torch.ones(3, requires_grad=True) if n else torch.zeros(3).requires_grad_()",
            "self.w = nn.Parameter(torch.ones(3) if n else torch.zeros(3))",
        ),
        (
            "self.w = torch.ones(3, requires_grad=False).requires_grad_()",
            "self.w = nn.Parameter(torch.ones(3, requires_grad=False))",
        ),
        (
            "def make(requires_grad):\n    return torch.ones(3, requires_grad=True)\n\n\n"
            + IN_INIT
            + "        self.w = make(requires_grad=True)",
            "self.w = nn.Parameter(make(requires_grad=True))",
        ),
        (
            "w = torch.ones(3, requires_grad=True)\nself.w = w",
            "w = torch.ones(3, requires_grad=True)\n        self.w = nn.Parameter(w)",
        ),
    ],
)
def test_prm103_a_trainable_tensor_becomes_a_parameter(before: str, after: str) -> None:
    [finding] = fixes(before)

    assert finding.code == "PRM103"
    assert finding.fix, finding.why_not_fixed
    assert finding.fix.applicability.value == UNSAFE
    assert after in rewritten(before)


TWO = "[nn.Linear(2, 2), nn.Linear(2, 2)]"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"self.a = {TWO}", f"self.a = nn.ModuleList({TWO})"),
        (f"self.a = ({TWO})", f"self.a = nn.ModuleList({TWO})"),
        (f"self.a = {TWO} + {TWO}", f"self.a = nn.ModuleList({TWO} + {TWO})"),
        # An annotation follows, wherever it stands; one that says something else stays.
        (f"self.a: list = {TWO}", f"self.a: nn.ModuleList = nn.ModuleList({TWO})"),
        (f"self.a: 'Layers' = {TWO}", f"self.a: 'Layers' = nn.ModuleList({TWO})"),
        (
            "class Model(nn.Module):\n    a: List[nn.Linear]  # why\n    b: List[int]\n\n"
            f"    def __init__(self):\n        super().__init__()\n        self.a = {TWO}",
            "class Model(nn.Module):\n    a: nn.ModuleList  # why\n    b: List[int]\n\n"
            "    def __init__(self):\n        super().__init__()\n"
            f"        self.a = nn.ModuleList({TWO})",
        ),
        (
            f"self.a, self.b = {TWO}, {TWO}",
            f"self.a, self.b = nn.ModuleList({TWO}), nn.ModuleList({TWO})",
        ),
        (f"setattr(self, 'a', {TWO})", f"setattr(self, 'a', nn.ModuleList({TWO}))"),
        (f"self.a = list()\nself.a += {TWO}", f"self.a = nn.ModuleList()\n        self.a += {TWO}"),
        (
            f"self.a = [  # none yet\n]\nself.a.extend({TWO})",
            "self.a = nn.ModuleList([  # none yet\n        ])",
        ),
        (f"b = {TWO}\nself.a = b if n else None", "self.a = nn.ModuleList(b) if n else None"),
        (f"self.a = {TWO} if n else None", f"self.a = nn.ModuleList({TWO}) if n else None"),
        (
            "self.a = {}\nfor i in range(n):\n    self.a[str(i)] = nn.Linear(2, 2)",
            "self.a = nn.ModuleDict()",
        ),
        (f"self.a = {TWO}\nself.a.insert(0, nn.Linear(2, 2))", f"self.a = nn.ModuleList({TWO})"),
        (f"self.a = {TWO}\nb = self.a + {TWO}", f"self.a = nn.ModuleList({TWO})"),
        (f"self.a = {TWO}\nb = self.a[-1](x)", f"self.a = nn.ModuleList({TWO})"),
        (f"self.a = {TWO}\nself.b = nn.Sequential(*self.a[1:])", f"nn.ModuleList({TWO})"),
        (
            f"def make():\n    return {TWO}\n\n\n{IN_INIT}        self.a = make()",
            "self.a = nn.ModuleList(make())",
        ),
        (
            f"{IN_INIT}        self.a = {TWO}\n\n\nclass Another:\n    def f(self):\n"
            "        self.a.remove(1)",
            f"self.a = nn.ModuleList({TWO})",
        ),
        (
            f"{IN_INIT}        self.a = {TWO}\n\n\n@F.a\ndef f():\n    pass",
            f"self.a = nn.ModuleList({TWO})",
        ),
        (
            "self.a = nn.Parameter(x), nn.Parameter(x)",
            "self.a = nn.ParameterList((nn.Parameter(x), nn.Parameter(x)))",
        ),
        (
            "self.a = [nn.Parameter(x), nn.Parameter(x)]\nb = torch.stack(list(self.a))",
            "self.a = nn.ParameterList([nn.Parameter(x), nn.Parameter(x)])",
        ),
        (
            "self.a = {'x': nn.Parameter(x), **d}",
            "self.a = nn.ParameterDict({'x': nn.Parameter(x), **d})",
        ),
    ],
)
def test_prm104_and_prm105_a_container_that_registers(before: str, after: str) -> None:
    found = fixes(before)

    assert {finding.code for finding in found} <= {"PRM104", "PRM105"}
    assert all(f.fix and f.fix.applicability.value == UNSAFE for f in found), found
    assert after in rewritten(before)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"self.a = {TWO}\nself.a.remove(x)", "no remove()"),
        (f"self.a = {TWO}\nself.a[:1] = x", "slices cannot be assigned"),
        (f"self.a = {TWO}\nfor a in self.a * 2: a(x)", "no operand of *"),
        (f"self.a = {TWO}\nassert isinstance(self.a, (list, tuple))", "a list or a dict"),
        (f"b = {TWO}\nself.a = b\nb.append(nn.Linear(3, 3))", "changed after it is stored"),
        (f"self.a = [{TWO}, {TWO}]", "nothing of the containers in them"),
        ("self.a = [nn.Linear(2, 2), torch.relu]", "holds other things"),
        ("self.a = {nn.Linear(2, 2), nn.Linear(2, 3)}", "no order"),
        ("self.a = {'a.b': nn.Linear(2, 2)}", "container: 'a.b'"),
        ("self.a = {'type': nn.Linear(2, 2)}", "container: 'type'"),
        ("self.a = {1: nn.Linear(2, 2)}", "container: 1"),
        ("self.a = {i: nn.Linear(2, 2) for i in range(n)}", "'i' may be a number"),
        ("self.a = {i: nn.Linear(2, 2) for i, _ in enumerate(x)}", "'i' may be a number"),
        ("self.a = {}\nfor i in range(n):\n    self.a[i] = nn.Linear(2, 2)", "'i' may be a number"),
        ("self.a = [nn.Parameter(x), nn.Parameter(x)]\nself.a.pop()", "no pop()"),
        ("self.a = [nn.Parameter(x), nn.Parameter(x)]\ndel self.a[0]", "cannot be deleted"),
        ("self.a = [nn.Parameter(x), nn.Parameter(x)]\nb = self.a + [x]", "no operand of +"),
        ("self.a = [nn.Parameter(x), nn.Parameter(x)]\nb = torch.stack(self.a)", "torch.stack()"),
        ("self.a = [nn.Parameter(x), nn.Linear(2, 2)]", "holds other things"),
        (
            IN_INIT + "        self.a = [nn.Parameter(x) for _ in x]\n"
            "    def scale(self, i, x):\n        self.a[i] = x.scaled()",
            "no Module or Parameter",
        ),
        (
            IN_INIT + f"        self.a = {TWO}\n    def reset(self, a):\n        self.a = a",
            "assigned again",
        ),
        (
            f"{IN_INIT}        self.a = {TWO}\n\n\nclass Another(Model):\n    def f(self):\n"
            "        self.a.remove(1)",
            "no remove()",
        ),
    ],
)
def test_prm104_and_prm105_are_left_alone_where_the_container_cannot_do_it(
    body: str, reason: str
) -> None:
    [finding] = fixes(body)

    assert finding.fix is None
    assert reason in str(finding.why_not_fixed)
    assert rewritten(body) == program(body)


@pytest.mark.parametrize("name", ["MODULE_LIST", "MODULE_DICT", "PARAMETER_LIST", "PARAMETER_DICT"])
def test_the_containers_of_torch_can_do_what_is_said_of_them(name: str) -> None:
    torch = pytest.importorskip("torch")
    kind = getattr(containers, name)
    made = getattr(torch.nn, kind.name)()
    plain = set(dir(dict if name.endswith("DICT") else list))

    assert kind.methods == {m for m in plain & set(dir(made)) if m[0] != "_"} - {"fromkeys"}
    assert kind.adds == hasattr(made, "__add__")
    assert kind.deletes == hasattr(made, "__delitem__")


def test_of_a_dict_it_is_said_what_its_keys_have_to_be() -> None:
    made = "{k: nn.Linear(2, 2) for k in n}", TWO
    told = [f.fix.message for each in made for f in fixes(f"self.a = {each}") if f.fix]

    assert ["a key that is no string" in message for message in told] == [True, False]


def test_names_that_cannot_be_keys_are_those_that_torch_takes() -> None:
    nn = pytest.importorskip("torch").nn

    assert {name for name in TAKEN if name[0] != "_"} == {
        name
        for made in (nn.ModuleDict(), nn.ParameterDict())
        for name in dir(made)
        if name[0] != "_"
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "o = torch.optim.SGD([torch.ones(3, requires_grad=True).to(d)], 0.1)",
            "[torch.ones(3).to(d).requires_grad_()]",
        ),
        (
            "o = torch.optim.SGD([(torch.ones(3, requires_grad=True) * 2)], 0.1)",
            "[(torch.ones(3) * 2).requires_grad_()]",
        ),
        (
            "w = torch.ones(3, requires_grad=True) * 2\no = torch.optim.SGD([w], 0.1)",
            "w = (torch.ones(3) * 2).requires_grad_()",
        ),
        ("o = torch.optim.SGD([nn.Parameter(x) * 2], 0.1)", "[nn.Parameter(x * 2)]"),
    ],
)
def test_prm106_the_leaf_is_made_last(before: str, after: str) -> None:
    [finding] = fixes(before)

    assert finding.code == "PRM106"
    assert finding.fix, finding.why_not_fixed
    assert after in rewritten(before)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("self.w = nn.Parameter(x).detach()", "register_buffer, or drop it"),
        ("w = nn.Parameter(x).detach()\nself.w = w.view(3)", "register_buffer, or drop it"),
        ("self.w = nn.Parameter(x).t().data", "register_buffer, or drop it"),
        ("self.w = nn.Parameter(x).requires_grad_(False).to(d)", "pass requires_grad="),
        ("self.w = nn.Parameter(x).expand(3, n)", "share memory"),
        ("self.w = nn.Parameter(*x).to(d)", "is its data"),
        ("self.w = nn.Parameter(x) * nn.Parameter(x, False)", "not all may be trained alike"),
        ("self.v = nn.Parameter(x)\nself.w = self.v * 2", "belongs in forward"),
        (
            "w = torch.ones(3, requires_grad=True)\no = torch.optim.SGD([w * 2], 0.1)",
            "made elsewhere",
        ),
        ("self.w = nn.Parameter(torch.arange(3), requires_grad=True)", "requires_grad is given"),
        ("p = nn.Parameter(x)\np.data = torch.arange(3)", "whether the integers are meant"),
    ],
)
def test_other_findings_are_left_alone_where_there_are_two_readings(body: str, reason: str) -> None:
    [finding] = [finding for finding in fixes(body) if finding.code < "PRM2"]

    assert finding.fix is None
    assert reason in str(finding.why_not_fixed)
