"""A rewrite that does something else than it should is seen by what the harness looks at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
UNSEEN = {
    # It makes no difference: the value has no gradient, is multiplied by one, or is clipped again.
    "prm101/chained": {"detached"},
    "prm101/matmul_augmented": {"left out"},
    "prm104/appended": {"another dtype"},
    "prm104/stored_by_key": {"another dtype"},
    "prm105/appended": {"another dtype"},
    "prm105/stored_by_key": {"another dtype"},
    "prm202/data_of_a_looked_up_row": {"detached"},
    "prm301/in_forward": {"left out"},
    "prm301/weights_clipped": {"doubled"},
    # What the guarded initialisation is for is overwritten by what is loaded.
    "prm306/data_normal": {"left out", "doubled"},
    "prm306/in_place_without_grad": {"left out", "doubled"},
    "prm306/init_given_data": {"left out", "doubled"},
    "prm306/initialised_by_a_mixin": {"left out", "doubled"},
}
"""What can be spoilt without a trace, by fixture."""


def rewritten() -> list[Path]:
    """Return the failing forms that have a fixed one and show on the CPU."""
    return [
        fails
        for fixed in sorted(FIXTURES.glob("prm*/*.fixed.py"))
        for fails in [fixed.with_name(fixed.name.replace(".fixed.", ".fails."))]
        if "devices: cuda" not in fails.read_text("utf-8")
    ]


def test_every_rewrite_that_is_spoilt_is_caught(long_run: bool) -> None:
    fixtures = rewritten()
    if not long_run:
        fixtures = [*{fixture.parent: fixture for fixture in reversed(fixtures)}.values()]
    done = subprocess.run(
        [sys.executable, str(HERE / "rewrite_mutants.py"), *map(str, fixtures)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )
    assert done.returncode == 0, done.stderr
    unseen, count = {}, 0
    for fixture, spoilt in json.loads(done.stdout).items():
        name = "/".join(Path(fixture).parts[-2:]).removesuffix(".fails.py")
        count += len(spoilt)
        if missed := {how for how, told in spoilt.items() if not told} - UNSEEN.get(name, set()):
            unseen[name] = missed
    assert len(fixtures) >= 15
    assert count > 3 * len(fixtures)
    assert unseen == {}
