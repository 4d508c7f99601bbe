"""What a write promises is read from its form."""

from __future__ import annotations

import pytest

from codemods.verification.rewriting import changed_lines, write_at

PROGRAM = b"""\
def build():
    model = Net()
    model.weight = value
    return model
"""


def test_changed_lines_are_numbered_from_one() -> None:
    assert changed_lines(PROGRAM, PROGRAM.replace(b"= value", b"= other")) == {3}
    assert changed_lines(PROGRAM, PROGRAM) == set()


@pytest.mark.parametrize(
    ("statement", "in_place", "through_data"),
    [
        ("m.weight.data.copy_(t)", True, True),
        ("m.weight.data.fill_(0.5)", True, True),
        ("m.weight.data[0] = 1", True, True),
        ("m.weight.copy_(t)", True, False),
        ("m.weight -= t", True, False),
        ("nn.init.ones_(m.weight)", True, False),
        ("m.weight.data = t", False, True),
        ("m.weight @= t", False, False),
        ("m.weight = nn.Parameter(t)", False, False),
        ("m.weight = Parameter(t.mul_(2))", False, False),
        ("m.weights = nn.ParameterList([a, b])", False, False),
        ("t = t.double().requires_grad_()", False, False),
        ("m.__init__(t)", False, False),
    ],
)
def test_a_write_is_in_place_or_stores_another_object(
    statement: str, in_place: bool, through_data: bool
) -> None:
    write = write_at(f"x = 0\n{statement}\n".encode(), {2})
    assert (write.lines, write.in_place, write.through_data) == ((2,), in_place, through_data)


def test_a_write_begins_where_its_statement_does() -> None:
    source = b"m.weight.data.copy_(\n    t,\n)\n"
    assert write_at(source, {2}).lines == (1,)


def test_the_header_of_a_block_is_a_statement_and_its_body_is_another() -> None:
    source = b"with torch.no_grad():\n    m.weight.copy_(t)\n    other()\n"
    assert write_at(source, {1, 2}).lines == (1, 2)
    assert write_at(source, {3}).lines == (3,)
