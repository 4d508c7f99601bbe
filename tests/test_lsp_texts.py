"""Places in a text as an editor counts them, and edits of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flake8_paramassign.diagnostics import Edit, Position
from flake8_paramassign.fixes.edits import Text as Edited
from flake8_paramassign.lsp.texts import Place, Text

TEXT = 'a\r\ns = "é🎉"; x\x0c = 1\n'


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 13), ("utf-16", 10), ("utf-32", 9)])
def test_characters_are_counted_in_the_units_of_the_client(encoding: str, character: int) -> None:
    text = Text(TEXT, encoding)
    assert text.place(Position(2, 9)) == (1, character)
    assert text.position((1, character)) == Position(2, 9)


def test_lines_do_not_end_at_a_form_feed() -> None:
    assert Text(TEXT).position((1, 13)) == Position(2, 12)


@pytest.mark.parametrize(
    ("place", "position"),
    [
        ((0, 99), Position(1, 1)),  # before the line's end, which is two characters here
        ((2, 0), Position(3, 0)),
        ((9, 9), Position(3, 0)),
        ((1, 7), Position(2, 6)),  # within a character of two units: before it
    ],
)
def test_a_place_that_is_none_is_the_nearest_before(place: Place, position: Position) -> None:
    assert Text(TEXT).position(place) == position


def test_a_change_replaces_what_is_between_two_places() -> None:
    assert Text(TEXT).replaced((0, 1), (1, 4), "b").text == 'ab"é🎉"; x\x0c = 1\n'
    assert Text("x = 🎉1\n").replaced((0, 6), (0, 7), "2").text == "x = 🎉2\n"
    assert Text("x\n").replaced((1, 0), (1, 0), "y\n").text == "x\ny\n"


@pytest.mark.parametrize(
    ("text", "line", "content"),
    [
        ("a\r\nb\n", 1, "x\r\ny"),
        ("a\r\nb\n", 2, "x\ny"),
        ("a\r\nb", 2, "x\r\ny"),
        ("a", 1, "x\ny"),
    ],
)
def test_what_is_written_ends_its_lines_as_the_text_does(
    text: str, line: int, content: str
) -> None:
    place = Position(line, 0)
    assert Text(text).written(Edit(place, place, "x\ny")) == content


_LINES = st.lists(st.sampled_from(["a", "b", "🎉", "", "\x0c"]), max_size=8).flatmap(
    lambda lines: st.lists(
        st.sampled_from(["\n", "\r\n", "\r"]), min_size=len(lines), max_size=len(lines)
    ).map(lambda ends: "".join(map("".join, zip(lines, ends, strict=True))))
)


@given(before=_LINES, after=_LINES, tail=st.sampled_from(["", "c"]))
def test_edits_make_one_text_of_another_and_touch_no_line_that_stays(
    before: str, after: str, tail: str
) -> None:
    if before.endswith("\r") or after.endswith("\r"):
        tail = ""
    edits = Text(before + tail).edits_to(after + tail)
    assert _applied(before + tail, edits) == after + tail
    if before == after:
        assert not edits


def _applied(text: str, edits: tuple[Edit, ...]) -> str:
    """Apply ``edits`` as an editor does: as they are."""
    result = Text(text)
    for edit in reversed(edits):
        result = result.replaced(result.place(edit.start), result.place(edit.end), edit.content)
    return result.text


def test_one_changed_line_is_one_edit() -> None:
    edits = Text("a\nb\nc\n").edits_to("a\nB\nc\n")
    assert edits == (Edit(Position(2, 0), Position(3, 0), "B\n"),)
    assert Edited("a\nb\nc\n").apply(edits).text == "a\nB\nc\n"
