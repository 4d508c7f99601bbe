"""Random programs: what they show is so, and a harness that could not fail would show nothing."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import textwrap
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from codemods.verification.generated.programs import program
from codemods.verification.generated.statements_of import feature, replaced, without
from codemods.verification.generated.tally import Tally
from codemods.verify import main as verify

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
HERE = Path(__file__).parent
HEAD = """\
import copy
import os
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)


def build(device):
    model = Net()
"""
TAIL = """\
    return model


def inputs(device):
    return (torch.linspace(-1.0, 1.0, 12, device=device).view(3, 4),)
"""
FIRST = HEAD.count("\n") + 1
"""The line on which what is tried begins."""
OPTIMIZER = "o = torch.optim.SGD(model.parameters(), lr=0.1)\n"
HAPPENS = {
    "PRM101": "model.fc.weight = torch.ones(4, 4)",
    "PRM106": "o = torch.optim.SGD([torch.ones(4, requires_grad=True) * 2], lr=0.1)",
    "PRM108": "model.fc.scale = nn.Parameter(torch.arange(4))",
    "PRM203": "model.requires_grad = False",
    "PRM301": "model.fc.weight[0] = 1.0",
    "PRM303": f"{OPTIMIZER}model.fc.bias = nn.Parameter(torch.ones(4))",
    "PRM304": "model.fc.bias.requires_grad = False\nmodel.fc.bias = nn.Parameter(torch.ones(4))",
    "PRM305": "other = Net()\nmodel.fc.bias.data = other.fc.bias.data",
    "PRM109": "ps = model.parameters()\nn = len(list(ps))\nfor p in ps: pass",
    "PRM104": "model.kept = [nn.Parameter(torch.ones(4))]",
    "PRM105": "model.kept = [nn.Linear(4, 4)]",
    "PRM103": "model.kept = torch.ones(4, requires_grad=True)",
}
"""What shows a rule's claim, on its last line."""
SOUND = {
    "PRM101": "model.fc.weight = nn.Parameter(torch.ones(4, 4))",
    "PRM106": "o = torch.optim.SGD([torch.ones(4, requires_grad=True)], lr=0.1)",
    "PRM108": "model.fc.scale = nn.Parameter(torch.arange(4), requires_grad=False)",
    "PRM203": "model.requires_grad_(False)",
    "PRM301": "model.fc.weight.data[0] = 1.0",
    "PRM303": "model.fc.bias = nn.Parameter(torch.ones(4))",
    "PRM304": "model.fc.bias = nn.Parameter(torch.ones(4))",
    "PRM305": "other = Net()\nmodel.fc.bias.data = other.fc.bias.data.clone()",
    "PRM109": "ps = list(model.parameters())\nn = len(ps)\nfor p in ps: pass",
    "PRM104": "model.kept = nn.ParameterList([nn.Parameter(torch.ones(4))])",
    "PRM105": "model.kept = [model.fc]",
    "PRM103": "model.kept = torch.ones(4)",
    "PRM201": "for p in model.parameters():\n    p.data.fill_(0.5)",
    "PRM202": 'model.state_dict()["fc.weight"].fill_(0.5)',
}
"""What resembles it, and is none; claimed of its last line it is false."""
NOTHING_HAPPENS = {
    "PRM201": "for p in model.parameters():\n    p = p * 0.5",
    "PRM202": 'model.state_dict()["fc.weight"] = torch.ones(4, 4)',
    "PRM204": (
        "model.fc = nn.utils.parametrizations.spectral_norm(model.fc)\n"
        "model.fc.weight.data.fill_(0.5)"
    ),
}
"""What has no effect."""
UNSHARED = (
    "model.fc = nn.utils.spectral_norm(model.fc)\n"
    "model.fc.weight = torch.eye(4)\n"
    "model.fc.weight.data.fill_(0.5)"
)
"""What is assigned is lost, but what is written then no longer goes to the original."""
FOR_A_WHILE = "other = Net()\nmodel.fc.bias.data = other.fc.bias.data\nother.fc.bias = None"
USED = f"{HAPPENS['PRM303']}\nmodel(inputs(device)[0]).sum().backward(); o.step()"
NOBODYS = {
    "an optimizer that nobody uses": HAPPENS["PRM303"],
    "a Module that is gone": HAPPENS["PRM305"],
    "a flag that is said": HAPPENS["PRM304"].replace("4))", "4), requires_grad=True)"),
    "a flag that is said later": f"{HAPPENS['PRM304']}\nmodel.requires_grad_(True)",
    "a tie": "model.a = nn.Linear(4, 4)\n"
    + HAPPENS["PRM304"].replace("nn.Parameter(torch.ones(4))", "model.a.bias"),
    "what may be no Parameter elsewhere": (
        "model.w = nn.Parameter(torch.ones(4)).to(device)\nmodel.w = torch.ones(4)"
    ),
    "an end before": f"{HAPPENS['PRM103']}\nraise ValueError",
}
"""What no finding has to tell."""
ALPHA = "self.alpha = torch.randn(4, requires_grad=True)"
STORED_OTHERWISE = ("model.kept, done = torch.ones(4), True", "model.kept[0] = 1.0")
LISTED = "self.kept = [nn.Linear(4, 4), nn.Linear(4, 4)]"
ENDED = """\
if os.environ.get('WIDE'):
    raise ValueError
model.fc.weight = torch.ones(4, 4) if os.environ.get('WIDE') else nn.Parameter(torch.ones(4, 4))
"""
LOST = "model.fc.scale = model.fc.bias * 2"
CUT = f"{LOST}\nmodel.fc.forward = lambda x: x * model.fc.scale"
UNTRAINED = f"{CUT}\nfor key in ('weight', 'bias'):\n    delattr(model.fc, key)"
STORE = "model.fc.weight = torch.full((4, 4), 0.5)"
COPIES = "model.fc.weight.data.copy_(torch.full((4, 4), 0.5))"
SPOILT_FIXES = (
    "model.fc.weight.data.copy_(torch.full((4, 4), 0.25))",
    "model.fc.weight = nn.Parameter(torch.full((4, 4), 0.5), requires_grad=False)",
    "model.fc.bias.data.copy_(torch.full((4,), 0.5))",
    "model.fc.weight.data = torch.full((4, 4), 0.5).t().expand(4, 4).double()",
    "del model.fc.weight; model.fc.weight = torch.full((4, 4), 0.5)",
    "torch.rand(1); model.fc.weight.data.copy_(torch.full((4, 4), 0.5))",
    "pass",
)
"""What a safe fix of ``STORE`` must not be."""


STATE = 'model.state_dict()["fc.weight"]'
OUTCOMES = {
    "cured": ("PRM101", STORE, COPIES),
    "it is still found": ("PRM101", STORE, f"pass; {STORE}"),
    "PRM301 is found": ("PRM101", STORE, "model.fc.weight.fill_(0.5)"),
    "it raises ValueError: ": ("PRM101", STORE, "raise ValueError"),
    "it is still so": ("PRM103", HAPPENS["PRM103"], "setattr(model, *KEPT)"),
    "not reached": ("PRM101", f"if not model:\n    {STORE}", f"if not model:\n    {COPIES}"),
    "what it means does not run": (
        *("PRM101", f"{STORE}.double()"),
        "model.fc.weight = nn.Parameter(torch.full((4, 4), 0.5).double())",
    ),
    "another defect ends the run": ("PRM101", STORE, f"{COPIES}; raise KeyError"),
    "it reaches no Parameter": (
        "PRM202",
        f"{STATE} = torch.ones(4, 4)",
        f"{STATE}.clone().zero_()",
    ),
}
"""A rule, what it finds, and what a fix makes of that, by what becomes of the finding."""
WRITES_WHAT_IS_THERE = (
    f"{STATE} = model.fc.weight.clone()",
    f"{STATE}.copy_(model.fc.weight.clone())",
)


ON_ONE_WAY = (
    "model = nn.Linear(4, 4)\nif os.environ.get('WIDE'):\n"
    "    model = nn.utils.spectral_norm(model)\nmodel.weight.data = torch.randn(4, 4)\n"
)
ON_THE_OTHER_WAY = ON_ONE_WAY.replace("nn.utils.spectral_norm(model)", "model")


def whole(body: str) -> str:
    return HEAD + textwrap.indent(body.rstrip(), "    ") + "\n" + TAIL


TAKEN_OUT = "kept = model.w\ndel model.w\nmodel.w = kept * 2\n"
MENDED = {
    "computed by a hook": "model.weight = model.w\nmodel = nn.utils.spectral_norm(model)\n"
    f"model.weight = nn.Parameter(torch.ones(4, 4))\n{TAKEN_OUT.replace('.w', '.weight')}",
    "stored in a try": f"{TAKEN_OUT}try:\n    model.w = model.w.data * 2\nexcept TypeError: pass\n",
    "frozen twice": "model.w.requires_grad_(False)\nmodel.v = nn.Parameter(torch.ones(4))\n"
    + TAKEN_OUT * 2,
    "loaded into what is expanded": "model.w = nn.Parameter(torch.ones(1).expand(4, 4))\n"
    f"{OPTIMIZER}model.load_state_dict(model.state_dict(), assign=True)\n",
    "written in forward": "model.w = model.w * 2",
    "integers": "model.v = nn.Parameter(torch.randint(0, 3, (4,))).to(torch.float32)",
    "frozen integers": "model.ids = nn.Parameter(torch.arange(4), requires_grad=False)\n"
    + TAKEN_OUT.replace(".w", ".ids"),
}
"""What a fix once made worse."""
FROZEN = whole("model.requires_grad_(False)\nmodel(inputs(device)[0]).sum().backward()").replace(
    "self.fc(x)", "self.fc(x * self.alpha)"
)
"""What can be differentiated only while something in it is registered nowhere."""


def last(body: str) -> int:
    return FIRST + body.rstrip().count("\n")


def cases() -> dict[str, dict[str, Any]]:
    """Return what the oracle is asked, by what it is about."""
    asked: dict[str, dict[str, Any]] = {}
    for code, body in {**HAPPENS, **NOTHING_HAPPENS}.items():
        asked[f"{code} happens"] = {"source": whole(body), "told": [(code, last(body))]}
    for code, body in SOUND.items():
        asked[f"{code} sound"] = {"source": whole(body), "told": [(code, last(body))]}
    body = f'if os.environ.get("DEEP"):\n    {STORE}'
    asked["on one way"] = {"source": whole(body), "told": [("PRM101", last(body))]}
    body = f"{HAPPENS['PRM301']}\n{SOUND['PRM101']}"
    caught = f"try:\n    {HAPPENS['PRM301']}\nexcept RuntimeError: pass"
    told = [("PRM301", FIRST + 1), ("PRM301", last(caught))]
    asked["caught"] = {"source": whole(caught), "told": told}
    misfit = caught.replace("weight[0] = 1.0", "bias[:] = torch.ones(4)")
    misfit = f"model.fc.bias.data = torch.ones(2)\n{misfit}"
    asked["raises otherwise"] = {"source": whole(misfit), "told": [("PRM301", FIRST + 2)]}
    asked["not reached"] = {"source": whole(body), "told": [("PRM101", last(body))]}
    stored = whole("del model.fc.bias").replace(
        "return self.fc", "self.fc.bias = x[0]; return self.fc"
    )
    told = [("PRM101", stored[: stored.index("= x[0]")].count("\n") + 1)]
    asked["deleted elsewhere"] = {"source": stored, "told": told}
    asked["ended before"] = {"source": whole(ENDED), "told": [("PRM101", last(ENDED))]}
    emptied = f"{HAPPENS['PRM105']}\nmodel.kept[:] = ()"
    asked["emptied"] = {"source": whole(emptied), "told": [("PRM105", FIRST)]}
    asked["unshared"] = {"source": whole(UNSHARED), "told": [("PRM204", FIRST + 1)]}
    before = last(ON_ONE_WAY), None, FIRST + 2, "computed anew where spectral_norm came before"
    for what, body in ("came before", ON_ONE_WAY), ("other came before", ON_THE_OTHER_WAY):
        asked[what] = {"source": whole(body), "told": [("PRM204", *before)]}
    asked["for a while"] = {"source": whole(FOR_A_WHILE), "told": [("PRM305", FIRST + 1)]}
    for what, body in NOBODYS.items():
        asked[what] = {"source": whole(body), "told": []}
    asked["missed"] = {"source": whole(USED), "told": []}
    early = "self.t = torch.ones(4)\n        raise ValueError"
    source = whole("pass").replace("super().__init__()", early)
    asked["never begun"] = {"source": source, "told": []}
    for kind in ("trained", "frozen"):
        made = f"nn.Parameter(torch.ones(4), {kind == 'trained'})"
        source = whole("pass").replace("return self", f"self.fc.bias = {made}; return self")
        asked[f"{kind} in each step"] = {"source": source, "told": []}
    fix = {"source": whole(STORE), "code": "PRM101", "line": last(STORE), "kind": "safe"}
    asked["safe fix"] = {**fix, "fixed": whole(COPIES)}
    taken = f"t = {{}}\n{OPTIMIZER.replace('model.parameters()', '[t]')}"
    asked["leaf made last"] = {
        "source": whole(taken.format("torch.ones(4).requires_grad_() * 2")),
        "fixed": whole(taken.format("(torch.ones(4) * 2).requires_grad_()")),
        "code": "PRM106",
        "line": FIRST,
        "trace": FIRST + 1,
        "kind": "safe",
    }
    for number, spoilt in enumerate(SPOILT_FIXES):
        asked[f"spoilt fix {number}"] = {**fix, "fixed": whole(spoilt)}
    for what, (code, body, fixed) in OUTCOMES.items():
        asked[f"outcome: {what}"] = {
            "source": whole(body) + 'KEPT = "kept", torch.ones(4, requires_grad=True)\n',
            "fixed": whole(fixed) + 'KEPT = "kept", torch.ones(4, requires_grad=True)\n',
            "code": code,
            "line": last(body),
            "kind": "unsafe",
            "ends": ["KeyError: "],
        }
    written = asked["outcome: it reaches no Parameter"]
    texts = dict(zip(("source", "fixed"), map(whole, WRITES_WHAT_IS_THERE), strict=True))
    asked["what is there already"] = {**written, **texts}
    sound = whole(SOUND["PRM303"])
    raising = {"source": sound, "code": "PRM303", "line": FIRST, "kind": "unsafe"}
    asked["unsafe fix that raises"] = {**raising, "fixed": whole("raise ValueError")}
    asked["unsafe fix"] = {**raising, "fixed": whole("model.fc.bias.data.copy_(torch.ones(4))")}
    registered = f"{UNTRAINED}\nmodel.fc.bias = nn.Parameter(torch.ones(4))"
    untrained = {"source": whole(UNTRAINED), "code": "PRM103", "line": FIRST, "kind": "unsafe"}
    asked["then trained"] = {**untrained, "fixed": whole(registered)}
    asked["trained as before"] = {**untrained, "source": whole("pass"), "fixed": whole(CUT)}
    two = {"source": whole(f"{STORE}\n{STORE} * 2"), "code": "PRM101", "kind": "unsafe"}
    asked["of another"] = {**two, "line": FIRST, "fixed": whole(f"{COPIES}\n{STORE} * 2")}
    announced = {**untrained, "note": "TypeError", "source": whole("pass")}
    asked["announced"] = {**announced, "fixed": whole("raise TypeError")}
    asked["not announced"] = {**announced, "fixed": whole("raise ValueError")}
    asked["still raises"] = {**two, "line": FIRST, "fixed": whole(f"{STORE} * 3\n{STORE} * 2")}
    trainable = FROZEN.replace("super().__init__()", f"super().__init__()\n        {ALPHA}")
    asked["frozen with all"] = {"mends": True, "source": trainable}
    listed = FROZEN.replace("super().__init__()", f"super().__init__()\n        {LISTED}")
    listed = listed.replace("self.fc(x * self.alpha)", "self.kept[0](x)")
    asked["listed and frozen with all"] = {"mends": True, "source": listed}
    for store in STORED_OTHERWISE:
        source = whole(store).replace("super().__init__()", f"super().__init__()\n        {LISTED}")
        asked[store] = {"mends": True, "source": source}
    for what, body in MENDED.items():
        source = whole(body).replace("fc = nn.Linear(4, 4)", "w = nn.Parameter(torch.eye(4))")
        asked[what] = {"mends": True, "source": source.replace("self.fc(x)", "x @ self.w")}
    source = asked["written in forward"]["source"]
    source = source.replace("return x @ self.w", "x = x @ self.w; nn.init.ones_(self.w); return x")
    asked["written in forward"]["source"] = source
    loaded = asked["loaded into what is expanded"]
    loaded["source"] = loaded["source"].replace("return model\n", "return model, o\n")
    large = f"{SOUND['PRM305']}\n{HAPPENS['PRM303']}\nmodel.eval()"
    asked["minimal"] = {"source": whole(large), "shrinks": "PRM303 for a while"}
    return asked


@cache
def answers() -> dict[str, Any]:
    """Return what the oracle says of all cases; it imports torch once."""
    asked = cases()
    done = subprocess.run(
        [sys.executable, str(HERE / "generated_oracle.py")],
        input=json.dumps([*asked.values()]),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(asked, json.loads(done.stdout), strict=True))


@needs_torch
@pytest.mark.parametrize("code", HAPPENS)
def test_what_happens_is_seen_and_a_claim_of_it_is_true(code: str) -> None:
    answer = answers()[f"{code} happens"]
    line = last(HAPPENS[code])
    assert any(at == line for fact, at in answer["facts"] if fact.startswith(code)), answer
    assert answer["verdicts"] == ["true"]
    assert answer["missed"] == []


@needs_torch
@pytest.mark.parametrize("code", NOTHING_HAPPENS)
def test_a_claim_that_nothing_happens_is_true_where_all_stays_as_it_is(code: str) -> None:
    assert answers()[f"{code} happens"]["verdicts"] == ["true"]


@needs_torch
@pytest.mark.parametrize("code", SOUND)
def test_a_claim_of_a_look_alike_is_false(code: str) -> None:
    assert answers()[f"{code} sound"]["verdicts"] == ["false"]


@needs_torch
def test_what_is_so_on_one_way_is_true_and_what_is_not_reached_is_unseen() -> None:
    assert answers()["on one way"]["verdicts"] == ["true"]
    assert answers()["caught"]["verdicts"] == ["true", "false"]
    assert answers()["raises otherwise"]["verdicts"] == ["unseen"]
    assert answers()["not reached"]["verdicts"] == ["unseen"]
    assert answers()["ended before"]["verdicts"] == ["unseen"]
    assert answers()["deleted elsewhere"]["verdicts"] == ["conditional"]


@needs_torch
def test_a_claim_of_one_way_only_is_held_against_that_way() -> None:
    assert answers()["came before"]["verdicts"] == ["true"]
    assert answers()["other came before"]["verdicts"] == ["false"]


@needs_torch
def test_what_is_so_for_a_while_or_shows_in_other_ways_is_true() -> None:
    assert answers()["for a while"]["verdicts"] == ["true"]
    assert answers()["unshared"]["verdicts"] == ["true"]
    assert answers()["emptied"]["verdicts"] == ["true"]


@needs_torch
def test_what_nobody_says_is_missed() -> None:
    assert answers()["missed"]["missed"] == [["PRM303", last(HAPPENS["PRM303"])]]
    assert [code for code, _ in answers()["trained in each step"]["missed"]] == ["PRM302"]
    assert answers()["frozen in each step"]["missed"] == []
    assert answers()["never begun"]["missed"] == []
    for what in NOBODYS:
        assert answers()[what]["missed"] == [], what


@needs_torch
def test_a_fix_that_is_no_fix_is_seen() -> None:
    assert answers()["safe fix"]["problems"] == [""]
    for number, spoilt in enumerate(SPOILT_FIXES):
        assert all(answers()[f"spoilt fix {number}"]["problems"]), spoilt
    assert answers()["leaf made last"]["problems"] == [""]
    assert answers()["unsafe fix"]["problems"] == [""]
    assert "ValueError" in answers()["unsafe fix that raises"]["problems"][0]
    assert "TypeError" in answers()["still raises"]["problems"][0]
    assert answers()["announced"]["problems"] == [""]
    assert "ValueError" in answers()["not announced"]["problems"][0]
    assert answers()["frozen with all"]["problems"] == [""]
    for what in STORED_OTHERWISE:
        assert answers()[what]["problems"] == [], what
    for what in MENDED:
        assert {*answers()[what]["problems"]} <= {""}, what
    assert sum(bool(answers()[what]["problems"]) for what in MENDED) >= 3
    assert answers()["listed and frozen with all"]["problems"] == [""]
    assert "a second time" in answers()["trained as before"]["problems"][0]


@needs_torch
@pytest.mark.parametrize("what", OUTCOMES)
def test_what_becomes_of_a_finding_with_its_fix_is_seen(what: str) -> None:
    assert answers()[f"outcome: {what}"]["outcomes"] == [what]


@needs_torch
def test_what_is_written_over_the_same_is_written() -> None:
    assert answers()["what is there already"]["outcomes"] == ["cured"]


@needs_torch
def test_what_other_defects_do_is_no_fault_of_a_fix() -> None:
    assert answers()["of another"]["problems"] == [""]
    assert answers()["then trained"]["problems"] == [""]


@needs_torch
def test_what_a_disagreement_does_not_need_is_taken_away() -> None:
    small = answers()["minimal"]["minimal"]
    assert "nn.Parameter(torch.ones(4))" in small
    assert "other" not in small
    assert "eval" not in small
    assert "def inputs" not in small


def test_a_program_is_made_of_its_seed_alone() -> None:
    programs = [program(f"0:{number}") for number in range(60)]
    assert programs == [program(f"0:{number}") for number in range(60)]
    assert len({*programs}) == len(programs)
    for source in programs:
        ast.parse(source)
    assert sum(source.count("\n") for source in programs) / len(programs) > 20


def test_statements_keep_their_lines() -> None:
    source = "def f():\n    a.b.data = g(\n        1)\n    h(a)\n"
    assert without(source, 3) == "def f():\n    pass\n\n    h(a)\n"
    assert replaced(source, 2) == "def f():\n    (g(1), a.b,)\n\n    h(a)\n"
    assert feature(ast.parse(source), 4) == "function > x()"


def test_the_tally_is_by_rule_and_shows_what_must_not_be() -> None:
    tally = Tally()
    fault = {"kind": "PRM101 false", "what": "it is not", "source": "pass"}
    tally.add(
        {
            "seed": "0:1",
            "versions": 2,
            "claims": {"PRM101 true": 3, "PRM101 false": 1},
            "missed": {"PRM303 build > x = x": 2},
            "fixes": {"PRM101 safe": 1, "PRM101 safe bad": 1},
            "outcomes": {"PRM101 cured": 3, "PRM101 it is still so": 1, "PRM101 not reached": 2},
            "faults": [fault],
        }
    )
    assert tally.by_rule()["PRM101"] == {
        **dict.fromkeys(("conditional", "unseen", "missed", "unsafe", "worse"), 0),
        "true": 3,
        "false": 1,
        "safe": 1,
        "bad": 1,
        "cured": 3,
        "uncured": 1,
        "open": 2,
    }
    assert (
        "6 findings had a fix, of 4 a run shows what follows, 3 are cured: 75.0%" in tally.table()
    )
    assert "not cured, 1 times: PRM101 it is still so" in tally.table()
    assert json.loads(tally.as_json())["cured"] == {"fixed": 6, "seen": 4, "cured": 3}
    assert tally.by_rule()["PRM303"]["missed"] == 2
    assert "FAIL PRM101 false, seed 0:1: it is not\n    pass" in tally.table()
    assert json.loads(tally.as_json())["faults"] == [{**fault, "seed": "0:1"}]


@needs_torch
def test_what_is_said_of_random_programs_is_so(tmp_path: Path, long_run: bool) -> None:
    report = tmp_path / "seen.json"
    count = 5_000 if long_run else 30
    status = verify([f"--generated={count}", "--seed=suite", "--jobs=1", f"--json={report}"])
    seen = json.loads(report.read_text())
    assert (status, seen["faults"], seen["programs"]) == (0, [], count)
    rules = seen["rules"].values()
    assert sum(rule["true"] for rule in rules) > count / 2
    assert sum(rule["safe"] for rule in rules) > 0
    assert seen["cured"]["cured"] >= 0.9 * seen["cured"]["seen"] > count / 2
