"""The engine makes every fix that it may, in rounds, and damages nothing."""

from __future__ import annotations

import ast
import re

import pytest
from fix_fakes import analyze
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from flake8_paramassign.diagnostics import Applicability, Diagnostic, Edit, Fix, Position
from flake8_paramassign.fixes.engine import Accept, FixResult, fix_source
from flake8_paramassign.settings import DEFAULT, Settings


def fix(
    source: str,
    settings: Settings = DEFAULT,
    *,
    unsafe_fixes: bool = False,
    accept: Accept | None = None,
) -> FixResult:
    return fix_source(
        source.encode(),
        "a.py",
        settings,
        unsafe_fixes=unsafe_fixes,
        accept=accept,
        analyze=analyze,
    )


def names(diagnostics: list[Diagnostic]) -> list[str]:
    return [diagnostic.name for diagnostic in diagnostics]


def reasons(result: FixResult) -> dict[str, str]:
    return {diagnostic.name: reason for diagnostic, reason in result.left}


def test_a_file_without_findings_is_handed_back_as_it_is() -> None:
    source = "x = 1\r\n\x0c\ry = 2"

    assert fix(source) == FixResult(source.encode())


def test_a_file_with_nothing_to_fix_is_analysed_once() -> None:
    calls = []

    def counting(source: bytes, filename: str, *, settings: Settings) -> list[Diagnostic]:
        calls.append(source)
        return analyze(source)

    fix_source(b"stays = shown = danger = 1\n", analyze=counting)

    assert len(calls) == 1


def test_all_that_stand_apart_are_fixed_in_one_round() -> None:
    result = fix("old = 1\nb = old + 1\nc = [old, old]\n")

    assert result.source == b"new = 1\nb = new + 1\nc = [new, new]\n"
    assert (names(result.fixed), result.left, result.rounds) == (["rename"] * 4, [], 1)


def test_nested_findings_converge_and_each_is_counted_once() -> None:
    result = fix("x = f(a, f(f(old), old))\n")

    assert result.source == b"x = g(a, g(g(new), new))\n"
    assert sorted(names(result.fixed)) == ["nested"] * 3 + ["rename"] * 2
    assert result.left == []


def test_findings_that_overlap_wait_for_the_next_round() -> None:
    result = fix("x = f(f(f(1)))\ny = old\n")

    assert result.source == b"x = g(g(g(1)))\ny = new\n"
    assert result.rounds == 3


def test_what_is_left_comes_with_its_reason_and_its_place_in_the_result() -> None:
    result = fix("stays = f(1); danger = 1; shown = 1\n")

    assert reasons(result) == {
        "unfixed": "it likes it here",
        "unsafe": "its fix needs --unsafe-fixes",
        "shown": "only shown: say hidden",
    }
    assert names(result.fixed) == ["nested"]


def test_unsafe_fixes_are_made_when_allowed_and_shown_ones_never() -> None:
    result = fix("danger = shown\n", unsafe_fixes=True)

    assert result.source == b"safe = shown\n"
    assert names([diagnostic for diagnostic, _ in result.left]) == ["shown"]


def test_a_rule_that_was_not_asked_for_changes_nothing() -> None:
    result = fix("old = torchy\n", Settings(select=frozenset({"PRM101"})))

    assert result.source == b"new = torchy\n"


def test_an_import_that_several_fixes_need_is_added_once() -> None:
    result = fix("a = torchy\nb = torchy\nc = torchy\n")

    assert result.source == b"import torch\na = torch\nb = torch\nc = torch\n"
    assert (len(result.fixed), result.rounds) == (3, 1)


@pytest.mark.parametrize(
    ("guilty", "code", "name", "reason"),
    [
        ("y = broken", "PRM104", "breaking", "the result does not parse"),
        ("chatty  # why", "PRM105", "deleting", "the result loses a comment: # why"),
        ("y = stray", "PRM108", "astray", "no line 10000"),
    ],
)
def test_a_fix_that_damages_the_file_is_not_made_and_the_others_are(
    guilty: str, code: str, name: str, reason: str
) -> None:
    around = "".join(f"a{i} = old\n" for i in range(10))

    result = fix(f"{around}{guilty}\n{around}")

    renamed = around.replace("old", "new")
    assert result.source.decode() == f"{renamed}{guilty}\n{renamed}"
    assert (names(result.fixed), reasons(result)) == (["rename"] * 20, {name: reason})
    assert result.problems == [f"{code} at line 11 not fixed: {reason}"]


def test_several_that_damage_are_all_found_out() -> None:
    result = fix("a = broken\nb = old\nc = broken\nchatty  # one\nchatty  # two\nd = old\n")

    assert result.source.count(b"new") == 2
    assert len(result.problems) == 4


def test_a_fix_within_one_that_was_refused_is_still_made() -> None:
    """`chatty` claims all to the end of its line, `old` with it."""
    result = fix("chatty = old  # why\n")

    assert result.source == b"chatty = new  # why\n"
    assert reasons(result) == {"deleting": "the result loses a comment: # why"}


def test_fixes_that_undo_each_other_come_to_an_end() -> None:
    result = fix("x = ping\n")

    assert result.source == b"x = pong\n"
    assert (len(result.fixed), result.rounds) == (1, 1)
    assert reasons(result) == {"undoing": "the result is what the file was before"}


def test_after_ten_rounds_it_stops() -> None:
    result = fix("x = grow\ny = old\n")

    assert result.source == b"x = " + b"(" * 10 + b"grow" + b")" * 10 + b"\ny = new\n"
    assert result.rounds == 10
    assert reasons(result) == {"growing": "not settled after 10 rounds"}


def test_a_file_that_did_not_parse_before_is_fixed_all_the_same() -> None:
    assert fix("print old\n").source == b"print new\n"


def test_bytes_that_are_no_text_are_handed_back_with_the_reason() -> None:
    source = "# coding: utf-7\nold = '+AGE-'\n"

    result = fix(source)

    assert (result.source.decode(), names([d for d, _ in result.left])) == (source, ["rename"])
    assert result.problems == ["cannot be written back in utf-7 without changing other bytes"]


def test_bytes_that_are_no_text_do_not_matter_where_there_is_nothing_to_fix() -> None:
    assert fix("# coding: utf-7\nstays = '+AGE-'\n").problems == []


def test_every_fix_is_asked_about_once_and_shown_alone() -> None:
    asked = []

    def accept(diagnostic: Diagnostic, before: bytes, after: bytes) -> bool:
        asked.append((before, after))
        return diagnostic.start.line != 1

    result = fix("a = old\nb = old\nf(f(1))\n", accept=accept)

    assert result.source == b"a = old\nb = new\ng(g(1))\n"
    assert reasons(result) == {"rename": "declined"}
    assert asked == [
        (b"a = old\nb = old\nf(f(1))\n", b"a = new\nb = old\nf(f(1))\n"),
        (b"a = old\nb = old\nf(f(1))\n", b"a = old\nb = new\nf(f(1))\n"),
        (b"a = old\nb = old\nf(f(1))\n", b"a = old\nb = old\ng(f(1))\n"),
        (b"a = old\nb = new\ng(f(1))\n", b"a = old\nb = new\ng(g(1))\n"),
    ]


def test_a_declined_fix_is_not_asked_about_again_where_it_moved_to() -> None:
    asked = []

    def accept(diagnostic: Diagnostic, before: bytes, after: bytes) -> bool:
        asked.append(diagnostic.name)
        return diagnostic.name == "importing"

    result = fix("torchy; torchy; old\nold\n", accept=accept)

    assert result.source == b"import torch\ntorch; torch; old\nold\n"
    assert sorted(asked) == ["importing", "importing", "rename", "rename"]


def test_a_fix_inside_a_declined_one_is_still_asked_about() -> None:
    result = fix("f(f(1))\n", accept=lambda diagnostic, *_: diagnostic.start.column > 0)

    assert result.source == b"f(g(1))\n"


def test_nothing_is_asked_about_a_fix_that_would_damage_the_file() -> None:
    def accept(diagnostic: Diagnostic, before: bytes, after: bytes) -> bool:
        raise AssertionError(diagnostic.name)

    assert reasons(fix("x = broken\n", accept=accept)) == {"breaking": "the result does not parse"}


def rewrite(*edits: tuple[int, int, int, int, str]) -> Diagnostic:
    """Return a finding whose fix makes edits: from line, column to line, column, what to write."""
    made = tuple(Edit(Position(a, b), Position(c, d), text) for a, b, c, d, text in edits)
    fix = Fix("rewrite", Applicability.SAFE, made)
    return Diagnostic("PRM101", "rewrite", "it is found", made[0].start, made[0].end, fix=fix)


def scripted(
    source: str, rounds: dict[str, list[Diagnostic]], accept: Accept | None = None
) -> FixResult:
    """Fix a source, where the findings are given for each form that it takes."""

    def given(source: bytes, filename: str, *, settings: Settings) -> list[Diagnostic]:
        return rounds.get(source.decode(), [])

    return fix_source(source.encode(), analyze=given, accept=accept)


def test_lines_added_within_the_edits_of_a_fix_are_not_shared() -> None:
    """Two statements on one line each want it wrapped: one `if` is not enough for both."""
    wrap = rewrite((1, 0, 1, 0, "if x:\n"), (1, 0, 1, 0, "    "))

    result = scripted("a = 1; b = 2\n", {"a = 1; b = 2\n": [wrap, wrap]})

    assert result.source == b"if x:\n    a = 1; b = 2\n"
    assert len(result.fixed) == 1


def test_a_fix_claims_all_between_its_edits() -> None:
    source = "a\nb\nc\nd\n"
    around = rewrite((1, 0, 1, 1, "A"), (2, 0, 2, 0, "new\n"), (4, 0, 4, 1, "D"))
    within = rewrite((3, 0, 3, 1, "C"))

    assert scripted(source, {source: [around, within]}).source == b"A\nnew\nb\nc\nD\n"
    assert scripted(source, {source: [within, around]}).source == b"a\nb\nC\nd\n"


@pytest.mark.parametrize("order", [1, -1])
def test_fixes_that_touch_wait_for_each_other(order: int) -> None:
    touching = [rewrite((1, 0, 1, 1, "x")), rewrite((1, 1, 1, 2, "y"))][::order]

    assert len(scripted("ab\n", {"ab\n": touching}).fixed) == 1


def test_a_fix_that_fails_only_beside_others_waits_a_round() -> None:
    """Each of two statements may go, but not both: a body must not be empty."""
    source = "if x:\n    a;\n    b;\n"
    drop_a, drop_b = rewrite((2, 4, 2, 6, "")), rewrite((3, 4, 3, 6, ""))

    result = scripted(source, {source: [drop_a, drop_b]})

    assert result.source == b"if x:\n    \n    b;\n"
    assert (len(result.fixed), result.problems) == (1, [])


def test_fixes_that_are_sound_only_together_are_made_only_together() -> None:
    opening, closing = rewrite((1, 0, 1, 0, "(")), rewrite((1, 3, 1, 3, ")"))
    rounds = {"a+b\n": [opening, closing]}

    assert scripted("a+b\n", rounds, accept=lambda *_: True).source == b"(a+b)\n"
    alone = scripted("a+b\n", rounds, accept=lambda diagnostic, *_: diagnostic is opening)
    assert alone.source == b"a+b\n"
    assert [reason for _, reason in alone.left] == ["the result does not parse", "declined"]


def test_without_another_analysis_it_is_ours() -> None:
    source = b"import torch\nlin = torch.nn.Linear(2, 2)\nlin.weight = torch.zeros(2, 2)\n"

    result = fix_source(source, unsafe_fixes=True)

    assert names(result.fixed) == ["tensor-over-parameter"]
    assert result.source != source


ATOMS = ["old", "1", "f(old)", "f(f(1))", "torchy", "broken", "stays", "x"]
COMMENTS = ["", "  # one", "  # two", " ; chatty  # three"]


@bounded(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(ATOMS), st.sampled_from(COMMENTS), st.sampled_from(["\n", "\r\n"])
        ),
        max_size=8,
    )
)
def test_any_mixture_ends_sound_and_a_second_run_changes_nothing(
    lines: list[tuple[str, str, str]],
) -> None:
    source = "".join(f"y = {atom}{comment}{end}" for atom, comment, end in lines)

    result = fix(source)

    after = result.source.decode()
    ast.parse(after)
    assert sorted(re.findall("#.*", after)) == sorted(re.findall("#.*", source))
    assert after.replace("import torch\r\n", "").replace("import torch\n", "") == (
        source.replace("old", "new").replace("f(", "g(").replace("torchy", "torch")
    )
    assert fix(after).source == result.source
    assert len(result.fixed) == sum(source.count(name) for name in ("old", "f(", "torchy"))
