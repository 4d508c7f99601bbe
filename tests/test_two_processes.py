"""What two processes make of a Parameter that is replaced after DistributedDataParallel took it.

The program is executed by two processes that gloo connects over the loopback. Each has another
loss, so that their gradients agree only if they are synchronised.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

FIXTURE = Path(__file__).parent.parent / "fixtures" / "prm303" / "wrapped_in_ddp"
RANK = """\
import json, os, runpy, sys
import torch
import torch.distributed as dist

program, store, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ["GLOO_SOCKET_IFNAME"] = "lo0" if sys.platform == "darwin" else "lo"
dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
torch.manual_seed(0)
device = torch.device("cpu")
names = runpy.run_path(program)
module = names["build"](device)
(module(*names["inputs"](device)).square().mean() * (rank + 1)).backward()
held = {name: p.grad.tolist() for name, p in module.named_parameters()}
dist.barrier()
print(json.dumps(held))
"""


def gradients(form: str, folder: Path) -> list[dict[str, object]]:
    """What each of two processes holds after one backward pass of the program, by name."""
    program = FIXTURE.with_name(f"{FIXTURE.name}.{form}.py")
    command = [sys.executable, "-c", RANK, str(program), str(folder / form)]
    ranks = [
        subprocess.Popen([*command, str(rank)], stdout=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    return [json.loads(rank.communicate(timeout=120)[0].splitlines()[-1]) for rank in ranks]


def test_a_replaced_parameter_is_not_synchronised(tmp_path: Path) -> None:
    first, second = gradients("fails", tmp_path)

    assert first["module.weight"] != second["module.weight"]
    # All are reduced together, once the gradient of the old weight has come: it never does.
    assert first["module.bias"] != second["module.bias"]


def test_one_that_is_written_in_place_is(tmp_path: Path) -> None:
    first, second = gradients("fixed", tmp_path)

    assert first == second
