"""A defective program that is called a look-alike is caught by running it."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree

import pytest

from codemods.verification.fixtures import discover
from codemods.verification.protocol import verify
from codemods.verification.runner import Machine, Runner

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

FIXTURES = Path(__file__).parent.parent / "fixtures"
UNTOLD = {
    # On the CPU .to(device) gives the Parameter itself: told on the simulated device.
    "PRM101": {"own_value_on_other_device"},
    # What the view is of cannot be moved there, as a graph holds it.
    "PRM102": {"moved_to_device", "transpose_of_a_registered_one"},
    # A frozen network runs as one that trains: only the docstring says that it was to be frozen.
    "PRM109": {"frozen_in_a_second_loop"},
    # What was to be written is lost without a trace: only the docstring says that it was meant.
    "PRM201": {
        "clipped_without_grad",
        "gradient_descent_by_hand",
        "moving_average",
        "named_parameters",
    },
    "PRM202": {
        "data_of_a_looked_up_row",
        "item_of_a_list_of_parameters",
        "item_of_named_parameters",
        "item_of_state_dict",
        "state_dict_in_a_local",
        "state_dict_updated",
    },
    "PRM204": {
        "applied_after_weight_norm",
        "copied_after_pruning",
        "data_after_weight_norm",
        "initialised_after_spectral_norm",
        "initialised_in_a_method",
        "parametrized_weight",
    },
    "PRM306": {"data_normal", "in_place_without_grad", "init_given_data", "initialised_by_a_mixin"},
    # A flag that is read from .data is as good as one that is written down.
    "PRM304": {"requires_grad_of_data"},
    # Nothing is kept for backward while the program is built.
    "PRM902": {"data_multiplied", "filled_through_data", "item_of_data"},
}
"""The defects that no run can tell from what another author may have meant, by rule."""


def renamed(folder: Path) -> Path:
    """Return a copy of the fixtures: the failing ones, called silent, and without their claims."""
    copied = copytree(FIXTURES, folder / "fixtures")
    for path in [*copied.rglob("*.silent.py"), *copied.rglob("*.fixed.py")]:
        path.unlink()
    for path in copied.rglob("*.fails.py"):
        source = path.read_text("utf-8")
        docstring = ast.parse(source).body[0]
        lines = source.splitlines(keepends=True)[docstring.end_lineno :]
        path.with_name(path.name.replace(".fails.", ".silent.")).write_text("".join(lines), "utf-8")
        path.unlink()
    return copied


def test_every_defect_that_a_run_can_tell_is_told(tmp_path: Path) -> None:
    fixtures = discover([renamed(tmp_path)])
    machine = Machine.probe()
    with Runner(jobs=1, limit=60) as runner:
        verdicts = [verify(fixture, "cpu", machine, runner.run) for fixture in fixtures]
    passed: dict[str, set[str]] = {}
    for verdict in verdicts:
        if not verdict.problems:
            passed.setdefault(verdict.fixture.rule, set()).add(verdict.fixture.name)
    assert len(fixtures) > 150
    assert passed == UNTOLD
