"""Fixtures as the harness reads them: which files belong together, and what they claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.verification.fixtures import (
    Broken,
    Claims,
    Exceptional,
    FixtureError,
    Role,
    Subject,
    discover,
    read_claims,
)

FUNCTIONS = "def build(device): ...\ndef inputs(device): ...\n"
CLAIMS = """\
\"\"\"A tensor over a weight.

finds: PRM101 at line 16, PRM101 at line 17
parameter: fc.weight, mask (frozen), patch (unregistered), mean (buffer)
assigned: torch.ones(3); torch.eye(2); 0.5; [1.0, 2.0]
defect: TypeError: cannot assign 'torch.
devices: cuda
since: 2.1
\"\"\"
"""
CLAIMS += FUNCTIONS


def written(path: Path, text: str = '"""A program."""\n') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def claims_of(folder: Path, *lines: str) -> Claims:
    docstring = "\n".join(["A program.", "", *lines])
    return read_claims(written(folder / "a.fails.py", f'"""{docstring}\n"""\n{FUNCTIONS}'))


def test_a_failing_program_and_its_fixed_form_are_one_fixture(tmp_path: Path) -> None:
    program = written(tmp_path / "prm101" / "a.fails.py")
    fixed = written(tmp_path / "prm101" / "a.fixed.py")
    [fixture] = discover([tmp_path])
    assert (fixture.rule, fixture.name, fixture.fails) == ("PRM101", "a", True)
    assert (fixture.program, fixture.fixed) == (program, fixed)


def test_a_look_alike_is_a_fixture_of_its_own(tmp_path: Path) -> None:
    written(tmp_path / "prm101" / "a.fails.py")
    written(tmp_path / "prm101" / "a.silent.py")
    assert [fixture.fails for fixture in discover([tmp_path])] == [True, False]


def test_any_form_names_its_fixture_and_each_comes_once(tmp_path: Path) -> None:
    written(tmp_path / "a.fails.py")
    fixed = written(tmp_path / "a.fixed.py")
    assert len(discover([fixed, tmp_path, tmp_path])) == 1


def test_other_files_are_what_fixtures_import(tmp_path: Path) -> None:
    written(tmp_path / "prm101" / "cross_file" / "layer.py")
    written(tmp_path / "prm101" / "cross_file" / "a.fails.py")
    [fixture] = discover([tmp_path])
    assert (fixture.rule, fixture.name) == ("PRM101", "a")


def test_fixtures_are_sorted_by_rule_and_name(tmp_path: Path) -> None:
    for name in ("prm102/a", "prm101/b", "prm101/a"):
        written(tmp_path / f"{name}.fails.py")
    assert [str(f) for f in discover([tmp_path])] == ["PRM101 a", "PRM101 b", "PRM102 a"]


@pytest.mark.parametrize("name", ["missing", "other.py"])
def test_a_path_that_is_no_fixture_is_an_error(tmp_path: Path, name: str) -> None:
    written(tmp_path / "other.py")
    with pytest.raises(FixtureError, match=name):
        discover([tmp_path / name])


def test_a_fixed_form_alone_is_an_error(tmp_path: Path) -> None:
    written(tmp_path / "a.fixed.py")
    with pytest.raises(FixtureError, match="no failing program"):
        discover([tmp_path])


def test_claims(tmp_path: Path) -> None:
    claims = read_claims(written(tmp_path / "a.fails.py", CLAIMS))
    assert claims.finds == (("PRM101", 16), ("PRM101", 17))
    assert claims.subjects == (
        Subject("fc.weight"),
        Subject("mask", Role.FROZEN),
        Subject("patch", Role.UNREGISTERED),
        Subject("mean", Role.BUFFER),
    )
    assert claims.assigned == ("torch.ones(3)", "torch.eye(2)", "0.5", "[1.0, 2.0]")
    assert claims.defect == Exceptional("TypeError", "cannot assign 'torch.", "build")
    assert (claims.devices, claims.since) == (("cuda",), (2, 1))


@pytest.mark.parametrize(
    ("defect", "claim"),
    [
        ("TypeError: cannot assign", Exceptional("TypeError", "cannot assign", "build")),
        ("TypeError: cannot in forward", Exceptional("TypeError", "cannot", "forward")),
        (
            "RuntimeError: element 0 on backward",
            Exceptional("RuntimeError", "element 0", "backward"),
        ),
        ("ValueError: non-leaf at optimizer", Exceptional("ValueError", "non-leaf", "optimizer")),
        ("fc.weight is not registered", Broken("fc.weight", "is not registered")),
        ("w trains", Broken("w", "trains")),
    ],
)
def test_a_defect_is_an_exception_or_a_broken_invariant(
    tmp_path: Path, defect: str, claim: object
) -> None:
    assert claims_of(tmp_path, f"defect: {defect}").defect == claim


@pytest.mark.parametrize(
    "line",
    [
        "finds: PRM101 in line 3",
        "parameter: a b",
        "parameter: a (melted)",
        "defect: nothing",
        "since: two",
        "colour: blue",
        "just words",
    ],
)
def test_a_line_that_is_not_understood_is_an_error_that_names_the_file(
    tmp_path: Path, line: str
) -> None:
    with pytest.raises(FixtureError, match=r"a\.fails\.py"):
        claims_of(tmp_path, line)


def test_a_look_alike_may_break_an_invariant_on_purpose(tmp_path: Path) -> None:
    assert claims_of(tmp_path, "on purpose: slope, moves").on_purpose == ("slope", "moves")


def test_a_line_that_comes_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FixtureError, match="since"):
        claims_of(tmp_path, "since: 2.0", "since: 2.1")


def test_as_many_values_are_assigned_as_there_are_parameters_or_one(tmp_path: Path) -> None:
    with pytest.raises(FixtureError, match="assigned"):
        claims_of(tmp_path, "parameter: a, b, c", "assigned: 1; 2")


def test_a_program_that_does_not_parse_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FixtureError, match=r"a\.fails\.py"):
        read_claims(written(tmp_path / "a.fails.py", "def build(:\n"))


@pytest.mark.parametrize("name", ["build", "inputs"])
def test_a_program_defines_build_and_inputs(tmp_path: Path, name: str) -> None:
    program = written(tmp_path / "a.fails.py", CLAIMS.replace(f"def {name}", "def other"))
    with pytest.raises(FixtureError, match=rf"no {name}\(device\)"):
        read_claims(program)
