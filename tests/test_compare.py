"""The comparison with other tools, on two files."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import compare
import pytest
from bench import crowded
from readme import README

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "a.py", tmp_path / "b" / "a.py"]
    made[1].parent.mkdir()
    for number, file in enumerate(made, 1):
        file.write_bytes(crowded(number))
    return made


def test_each_file_is_two_points_of_a_picture(files: list[Path]) -> None:
    found = compare.points(files)
    assert [point.lines for point in found] == [f.read_bytes().count(b"\n") + 1 for f in files]
    picture = ElementTree.fromstring(compare.drawn(found))
    marks = [mark for mark in picture.iter(f"{SVG}circle") if mark.get("r") == "2.2"]
    assert [mark.get("class") for mark in marks] == ["parse", "analysis"] * 2
    across, down = ([float(mark.get(key, "")) for mark in marks] for key in ("cx", "cy"))
    assert across[0] == across[1] < across[2] == across[3], "the longer file is to the right"
    assert down[1] < down[0] and down[3] < down[2], "what costs more is above"


def test_all_tools_look_at_the_same_files(files: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "c"
    assert len(compare.copied(files, folder)) == 2
    commands = dict(compare.tools(folder, "python"))
    assert len(commands) >= 6
    assert {command[-1] for command in commands.values()} == {str(folder / "tree")}
    costs = [compare.cost(tool, commands[tool]).seconds for tool in list(commands)[:2]]
    assert 0 < costs[1] < costs[0]
    with pytest.raises(SystemExit, match="x ended with 3"):
        compare.cost("x", ["sh", "-c", "exit 3"])


def test_the_picture_of_the_readme_has_files_and_is_shown() -> None:
    picture = ElementTree.fromstring(compare.PICTURE.read_text("utf-8"))
    marks = [mark for mark in picture.iter(f"{SVG}circle") if mark.get("r") == "2.2"]
    assert len(marks) >= 2 * 50
    told = README.read_text("utf-8").partition("<!-- costs -->")[2]
    assert "(docs/images/cost.svg)" in told and "| paramassign, second run |" in told
