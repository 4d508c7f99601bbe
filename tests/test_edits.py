"""Edits on decoded text become bytes; all bytes outside them stay as they were."""

from __future__ import annotations

import ast
import codecs

import pytest
from fix_fakes import place
from hypothesis import given
from hypothesis import strategies as st

from flake8_paramassign.diagnostics import Edit, Position
from flake8_paramassign.fixes.edits import Damage, NotText, Text, checked


def edit(start: tuple[int, int], end: tuple[int, int], content: str) -> Edit:
    return Edit(Position(*start), Position(*end), content)


def edited(source: bytes, *edits: Edit) -> bytes:
    return Text.decode(source).apply(edits).encode()


# Each holds `old` once.
KEPT = {
    "crlf": b"a = 1\r\nb = old\r\n",
    "lone cr": b"a = 1\rb = old\r",
    "mixed newlines": b"a = 1\r\nb = 2\nc = old\rd = 4\n",
    "bom": b"\xef\xbb\xbfb = old\n",
    "latin-1 cookie": b"# coding: latin-1\ns = '\xe9'; b = old\n",
    "utf-8 cookie": "# -*- coding: utf-8 -*-\ns = 'é'; b = old\n".encode(),
    "cookie on the second line": b"#!x\n# coding: latin-1\n'\xe9', old",
    "shift-jis cookie": "# coding: shift_jis\n'日本ソ', old\n".encode("shift_jis"),
    "tabs": b"if a:\n\tb\t=\told  \t\n",
    "form feed within a line": b"a = 1\n\x0cb = old\n",
    "form feed between lines": b"a = 1\n\x0c\nb = old\n",
    "next line and line separator": "s = '\x85\u2028'; b = old\n".encode(),
    "no final newline": b"a = 1\nb = old",
    "astral characters before": "s = '🎉🎉'; b = old\n".encode(),
    "backslash continuation": b"b = 1 + \\\n    old\n",
    "semicolons": b"a = 1; b = old; c = 3\n",
    "one-line if": b"if a: b = old\n",
    "trailing blanks": b"b = old   \n   \n\n",
}


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT)
def test_everything_outside_an_edit_is_kept(source: bytes) -> None:
    text = Text.decode(source)
    start = text.text.index("old")

    result = text.apply([Edit(place(text.text, start), place(text.text, start + 3), "new")])

    assert result.encode() == source.replace(b"old", b"new")


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT)
def test_lines_and_columns_are_those_of_ast(source: bytes) -> None:
    text = Text.decode(source)
    [name] = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and node.id == "old"
    ]
    line = text.source.between(name.lineno, name.lineno)
    column = len(line.encode()[: name.col_offset].decode())

    offset = text.offset(Position(name.lineno, column))

    assert text.text[offset : offset + 3] == "old"


PIECES = ["a = 1", "s = 'é🎉'", "\t", "\x0c", "\x85\u2028", "\n", "\r\n", "\r"]


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from([b"", codecs.BOM_UTF8]), st.data())
def test_any_text_keeps_what_stands_around_an_edit(
    pieces: list[str], bom: bytes, data: st.DataObject
) -> None:
    text = "".join(pieces)
    places = [i for i in range(len(text) + 1) if text[i - 1 : i + 1] != "\r\n"]
    start, end = sorted(data.draw(st.tuples(st.sampled_from(places), st.sampled_from(places))))
    changed = Edit(place(text, start), place(text, end), "NEW")

    result = edited(bom + text.encode(), changed)

    assert result == bom + text[:start].encode() + b"NEW" + text[end:].encode()


@pytest.mark.parametrize(
    ("source", "line", "result"),
    [
        (b"a\r\nb\nc\r", 1, b"NEW\r\na\r\nb\nc\r"),
        (b"a\r\nb\nc\r", 2, b"a\r\nNEW\nb\nc\r"),
        (b"a\r\nb\nc\r", 3, b"a\r\nb\nNEW\rc\r"),
        (b"a\nb\r\nc", 3, b"a\nb\r\nNEW\r\nc"),
        (b"a", 1, b"NEW\na"),
    ],
    ids=["crlf", "lf", "cr", "last line without one", "only line"],
)
def test_new_lines_end_as_the_line_where_they_are_added(
    source: bytes, line: int, result: bytes
) -> None:
    assert edited(source, edit((line, 0), (line, 0), "NEW\n")) == result


def test_edits_are_made_in_any_order_and_insertions_at_one_place_as_given() -> None:
    result = edited(
        b"abcdef\n",
        edit((1, 4), (1, 6), "-"),
        edit((1, 1), (1, 1), "1"),
        edit((1, 1), (1, 1), "0"),
        edit((1, 1), (1, 2), ""),
    )

    assert result == b"a10cd-\n"


@pytest.mark.parametrize(
    "edits",
    [
        [edit((1, 0), (1, 2), "x"), edit((1, 1), (1, 3), "y")],
        [edit((1, 2), (1, 1), "x")],
        [edit((1, 4), (1, 4), "x")],
        [edit((1, 0), (1, 5), "x")],
        [edit((3, 0), (3, 0), "x")],
        [edit((0, 0), (0, 0), "x")],
        [edit((1, -1), (1, 0), "x")],
    ],
    ids=["overlap", "backwards", "after the line", "across", "below", "above", "before the line"],
)
def test_edits_that_overlap_or_lie_outside_the_text_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match=r"overlapping|no line|no column"):
        edited(b"abc\r\n", *edits)


def test_a_place_moves_with_the_edits_before_it() -> None:
    text = Text.decode(b"a\r\nbb cc dd\r\n")
    edits = [edit((1, 0), (1, 0), "x\n"), edit((2, 0), (2, 3), "b"), edit((2, 6), (2, 8), "longer")]

    moved = text.moved(Position(2, 3), edits)

    assert moved == Position(3, 1)
    assert text.apply(edits).text.startswith("x\r\na\r\nbcc")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"s = '\xe9'\n", "invalid or missing encoding declaration"),
        (b"# coding: klingon\n", "unknown encoding: klingon"),
        (b"# coding: rot13\n", "'rot13' is not a text encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem"),
        (b"# coding: utf-7\ns = '+AGE-'\n", "cannot be written back in utf-7"),
    ],
)
def test_bytes_that_would_not_come_back_the_same_are_refused(source: bytes, reason: str) -> None:
    with pytest.raises(NotText, match=reason):
        Text.decode(source)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("x = 1\n", "x = (\n", "does not parse"),
        ("x = 1  # why\n", "x = 1\n", "loses a comment: # why"),
        ("x = 1  # a\ny = 1  # a\n", "x = 1  # a\ny = 1\n", "loses a comment: # a"),
        ("x = 1  # why\n", "x = '# why'\n", "loses a comment: # why"),
        ("x = 1\n", "# coding: latin-1\nx = 1\n", "declares another encoding"),
        ("x = 1\n", "# coding: klingon\nx = 1\n", "unknown encoding"),
    ],
)
def test_a_damaged_result_is_refused(before: str, after: str, reason: str) -> None:
    with pytest.raises(Damage, match=reason):
        checked(Text(before), Text(after))


def test_a_character_that_the_encoding_lacks_is_refused() -> None:
    before = Text.decode(b"# coding: latin-1\nx = 1\n")

    with pytest.raises(Damage, match=r"iso-8859-1 cannot write '日'"):
        checked(before, before.apply([edit((2, 4), (2, 5), "'日'")]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # a\n", "# a\nx = 1  # b\n"),
        ("print 1\n", "print 2  # still not\n"),
        ("x = 1  # a\r", "y = 1  # a\r"),
    ],
    ids=["a comment moved, another added", "it did not parse before", "lone cr"],
)
def test_a_sound_result_is_passed_on(before: str, after: str) -> None:
    assert checked(Text(before), Text(after)) == Text(after)
