"""``# noqa`` outside flake8 silences just what it silences under flake8."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from conftest import Command

from flake8_paramassign.suppression import silences

pytestmark = pytest.mark.usefixtures("fake_analysis")

# Some of it is silenced, some is not; flake8 knows which.
EXAMPLES = {
    "codes": """
bad  # noqa: PRM101
bad  # noqa:PRM101
bad  # noqa: PRM1
bad  # noqa: PRM
bad  # noqa: P
bad  # noqa: PRM102
bad  # noqa: E501,PRM101
bad  # noqa: E501, PRM101
bad  # noqa: E501 PRM101
bad  # noqa: E501 ,PRM101
bad  # noqa: PRM101 as it is meant
bad  # noqa: as PRM101 is meant
bad  # noqa: E501PRM101
bad  # noqa:  PRM102
bad  # noqa:\tPRM102
""",
    "case": """
bad  # NOQA
bad  # NoQA: PRM101
bad  # noqa: prm101
bad  # noqa: Prm1
bad  # NOQA:PRM101
""",
    "spelling": """
bad  #noqa
bad  #  noqa
bad  # noqa : PRM102
bad  # noqa
bad  # noqa, or so
bad  # noqa-PRM102
bad  # no qa
bad  # why not  # noqa
bad  # noqa: PRM102  # noqa: PRM101
bad  # type: ignore  # noqa: PRM102
bad  # xnoqa
bad  # noqax
""",
    "strings": """
bad; "# noqa"
bad; "# noqa: PRM102"
"bad # noqa"
""",
    "several lines of a string": '''
bad; """
text  # noqa: PRM101
"""
"""
bad
"""  # noqa
"""  # noqa: PRM102
bad
"""
f(bad, """
bad
""", bad)  # noqa: PRM101
''',
    "f-strings": '''
f"{bad}"  # noqa: PRM101
f"""
{bad}
"""  # noqa: PRM101
f"""
{bad}  # noqa: PRM101
{lost}"""
''',
    "backslashes": """
bad + \\
    bad + \\
    bad  # noqa: PRM101
bad + \\
    lost
assert bad, \\
    lost  # noqa: PRM102
""",
    "brackets": """
f(
    bad,  # noqa: PRM101
    bad,
    bad
)  # noqa: PRM101
f(bad,
  bad)  # noqa
[bad, \\
 bad]  # noqa
""",
    "blocks": """
if bad:  # noqa: PRM101
    bad
    if lost:
        bad  # noqa
bad
class A:  # noqa
    bad
    # noqa
    bad
""",
    "whole file": "bad\n# flake8: noqa\nlost\n",
    "whole file, with a code": "bad\n# flake8: noqa: E501\nlost\n",
    "whole file, indented and in capitals": "if bad:\n    # FLAKE8=NOQA\n    bad\n",
    "whole file, in a string": '"""\n# flake8: noqa\n"""\nbad\n',
    "not the whole file": "bad  # flake8: noqa\nlost\n",
    "no newline at the end": "bad  # noqa: PRM101\nbad",
    "CRLF": 'bad  # noqa: PRM101\r\n"""\r\nbad\r\n"""  # noqa\r\nbad  # noqa:\r\n',
    "lone CR": "bad  # noqa: PRM101\rbad\rbad  # noqa\r",
    "form feed": "bad\x0c  # noqa\n\x0cbad\n\x0c\nbad  # noqa: PRM101\n",
    "line separator": "'\u2028'; bad  # noqa: PRM101\nbad\n",
    "byte order mark": "\ufeffbad  # noqa\nbad\n",
    "empty": "",
}


def assert_same_as_flake8(
    folder: Path, flake8: Command, paramassign: Command, sources: list[str]
) -> int:
    names = [f"{number:03}.py" for number in range(len(sources))]
    for name, source in zip(names, sources, strict=True):
        (folder / name).write_bytes(source.encode())
    expected = flake8("--select=PRM", *names).lines
    assert paramassign("--select=PRM", *names).lines == expected
    return len(expected)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_read_as_flake8_reads_it(
    folder: Path, flake8: Command, paramassign: Command, name: str
) -> None:
    assert_same_as_flake8(folder, flake8, paramassign, [EXAMPLES[name]])


def test_the_examples_hold_both_what_is_silenced_and_what_is_not(
    folder: Path, flake8: Command, paramassign: Command
) -> None:
    sources = list(EXAMPLES.values())
    reported = assert_same_as_flake8(folder, flake8, paramassign, sources)
    written = sum(source.count("bad") + source.count("lost") for source in sources)
    assert 0.3 * written < reported < 0.8 * written


PIECES = [
    *("bad", "lost", "bad; lost", '"bad"', "f(bad, lost)", "x = 1"),
    *("f(\n  bad,{comment}\n  lost)", 'bad; """\ntext{comment}\nlost"""', "bad + \\\n  lost"),
    *('"""\n{comment}\n"""', "if 1:\n    bad{comment}\n    lost", "[bad, \\\n lost,\n bad]"),
]
COMMENTS = [
    *("", "", "", "  # noqa", "  # noqa: PRM101", "  # noqa:PRM102", "  # NOQA: PRM10"),
    *("  # noqa: E501", "  # noqa: prm101", "  # why", "  # noqa : PRM101", "  # noqa: E1 PRM1"),
]


def test_files_put_together_at_random_are_read_as_flake8_reads_them(
    folder: Path, flake8: Command, paramassign: Command
) -> None:
    random = Random(0)

    def statement() -> str:
        inner, outer = random.choices(COMMENTS, k=2)
        return random.choice(PIECES).replace("{comment}", inner) + outer + "\n"

    sources = ["".join(statement() for _ in range(8)) for _ in range(150)]
    reported = assert_same_as_flake8(folder, flake8, paramassign, sources)
    assert reported > 500


def test_a_file_without_tokens_has_its_comments_read_line_by_line(
    folder: Path, paramassign: Command
) -> None:
    (folder / "a.py").write_text('bad  # noqa\nlost\n"""\n')
    assert paramassign("a.py").lines == ["a.py:2:1: PRM102 'lost' is found"]


@pytest.mark.parametrize(
    ("line", "is_silent"),
    [
        ("x  # noqa", True),
        ("x  # noqa: PRM101", True),
        ("x  # noqa: PRM1", True),
        ("x  # noqa: PRM102", False),
        ("x", False),
    ],
)
def test_silences_tells_of_one_line(line: str, is_silent: bool) -> None:
    assert silences(line, "PRM101") is is_silent
