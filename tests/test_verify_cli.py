"""``python -m codemods.verify``: what it takes, what it prints and how it exits."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from codemods import verify
from codemods.verification import protocol
from codemods.verification.jobs import Check, Job, Outcome
from codemods.verification.runner import Machine, Runner
from flake8_paramassign.fixes import engine

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")

QUESTION = Path(__file__).parent.parent / "fixtures" / "question"
SILENT = (
    '"""A sound program."""\n'
    + (QUESTION / "linear_data.fixed.py").read_text().partition('"""\n')[2]
)
Command = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command line, in an empty folder: status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = verify.main([*arguments, "--jobs=1"])
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def kept_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A codemod that writes what is kept beside each failing program."""

    def fix_source(source: bytes, filename: str, *_: object, **__: object) -> engine.FixResult:
        return engine.FixResult(Path(filename.replace(".fails.", ".fixed.")).read_bytes())

    monkeypatch.setattr(protocol, "fix_source", fix_source)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["missing"], "missing: no such file or folder"),
        (["."], ".: no fixture is here"),
        ([".", "--rule", "PRM101"], ".: no fixture of PRM101 is here"),
        (["--before", "old.py"], "--before and --after go together"),
        (["a.silent.py", "--before", "old.py", "--after", "new.py"], "and without fixtures"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    command: Command, arguments: list[str], complaint: str
) -> None:
    status, out, err = command(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert complaint in err


@pytest.mark.parametrize(
    "option", ["--jobs=0", "--time-limit=-1", "--device=tpu", "--time-limit=x"]
)
def test_a_bad_option_is_status_2(command: Command, option: str) -> None:
    status, out, err = command(option)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"codemods.verify: error: argument {option.partition('=')[0]}: invalid" in err


@pytest.mark.parametrize("error", [ValueError("a\nb"), RecursionError(), SystemError()])
def test_a_defect_of_ours_is_one_line_and_status_2(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(verify, "_run", fails)
    status, out, err = command()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"codemods.verify: error: internal error: {type(error).__name__}" in err
    status, _, err = command("--debug")
    assert (status, err.split("\n", 1)[0]) == (2, "Traceback (most recent call last):")


def test_without_torch_it_says_so(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.silent.py").write_text(SILENT)
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "torch.py").write_text("raise ImportError('no torch here')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "shadow"))
    status, _, err = command("a.silent.py")
    assert status == 2
    assert "torch cannot be imported" in err
    assert "no torch here" in err


@needs_torch
@pytest.mark.usefixtures("kept_forms")
def test_fixtures_that_are_as_claimed_are_status_0(command: Command, tmp_path: Path) -> None:
    status, out, err = command(
        str(QUESTION), "--json=seen.json", "--junit=seen.xml", "--device=cpu"
    )
    assert (status, err) == (0, "")
    assert out.count("\nok ") == 3
    assert "skipped: cuda graph: needs a CUDA device" in out
    assert "3 verified, 0 failed, 0 skipped" in out
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert [fixture["rule"] for fixture in seen["fixtures"]] == ["QUESTION"] * 3
    assert (tmp_path / "seen.xml").read_text().count("<testcase") == 3


@needs_torch
def test_it_says_what_is_checked(command: Command) -> None:
    status, out, _ = command("--invariants")
    assert status == 0
    assert "\nsaved             It is in state_dict(), and a fresh instance" in out
    assert out.count("\n") > 25


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Outcome]:
    """What each program does, by its file's name; a machine without torch will do."""
    outcomes: dict[str, Outcome] = {}

    def run(runner: Runner, job: Job) -> Outcome:
        if job.observed:
            job.observed.touch()
        return outcomes[job.program.name]

    monkeypatch.setattr(Machine, "probe", lambda: Machine("2.13.0+cpu", cuda="", mps=False))
    monkeypatch.setattr(Runner, "run", run)
    return outcomes


HELD = Outcome(
    checks=[Check("registered", "is not registered", "held", subject="w")], compared={"gradient": 1}
)
UNCALLED = Outcome(checks=HELD.checks)
LOST = Outcome(checks=[Check("registered", "is not registered", "broken", subject="w")])


def test_one_program_that_fails_is_status_1_and_the_rest_goes_on(
    command: Command, tmp_path: Path, outcomes: dict[str, Outcome]
) -> None:
    outcomes.update({"a.silent.py": Outcome(died="killed by SIGABRT"), "b.silent.py": HELD})
    for name in outcomes:
        (tmp_path / name).write_text(SILENT)
    status, out, _ = command("--json=-", ".")
    assert status == 1
    assert [fixture["verified"] for fixture in json.loads(out)["fixtures"]] == [False, True]


def test_a_run_in_which_all_is_skipped_is_status_2(
    command: Command, tmp_path: Path, outcomes: dict[str, Outcome]
) -> None:
    (tmp_path / "a.silent.py").write_text(SILENT)
    status, out, err = command("--device=cuda", ".")
    assert (status, outcomes) == (2, {})
    assert "\nskip" in out
    assert "nothing was verified: there is no cuda device here" in err


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(LOST, HELD, 0), (HELD, LOST, 1), (HELD, UNCALLED, 2)],
)
def test_two_versions_of_a_module_of_ones_own(
    command: Command,
    tmp_path: Path,
    outcomes: dict[str, Outcome],
    before: Outcome,
    after: Outcome,
    expected: int,
) -> None:
    outcomes.update({"old.py": before, "new.py": after})
    for name in outcomes:
        (tmp_path / name).write_text(SILENT)
    status, out, _ = command("--before=old.py", "--after=new.py", "--json=seen.json")
    assert status == expected
    assert "invariants: " in out
    assert bool(json.loads((tmp_path / "seen.json").read_text())["problems"]) is (expected == 1)


def test_two_versions_need_their_device(command: Command, outcomes: dict[str, Outcome]) -> None:
    status, _, err = command("--before=old.py", "--after=new.py", "--device=mps")
    assert (status, err) == (2, "codemods.verify: error: there is no mps device here\n")
    assert not outcomes
