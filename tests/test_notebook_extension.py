"""The IPython extension, in an IPython shell and in a real kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("IPython", reason="IPython is not installed")

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

IMPORTS = "import torch\nfrom torch import nn"
MADE = "net = nn.Linear(4, 4)"
WRONG = "print('ran')\nnet.weight = torch.zeros(4, 4)"
LOADED = "%load_ext flake8_paramassign"


@dataclass
class Output:
    """What a cell leaves under it."""

    text: str
    shown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def findings(self) -> list[str]:
        """The first lines of what is shown."""
        return [str(data["text/plain"]).splitlines()[0] for data in self.shown]


class Session:
    """A shell in which cells run, whether or not torch is there."""

    def __init__(self) -> None:
        self.shell: Any = InteractiveShell.instance()

    def run(self, cell: str, *, is_kept: bool = True) -> Output:
        with capture_output() as captured:
            self.shell.run_cell(cell, store_history=is_kept)
        shown = [output.data for output in captured.outputs]
        return Output(captured.stdout, [data for data in shown if "text/html" in data])


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    InteractiveShell.clear_instance()
    session = Session()
    yield session
    session.shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_a_cell_is_looked_at_before_it_runs_with_those_above_it(session: Session) -> None:
    for cell in (LOADED, IMPORTS, MADE):
        assert session.run(cell).findings == []
    output = session.run(WRONG)
    [finding] = output.findings
    assert finding.startswith("PRM101 In [4], line 2: 'weight' is a registered Parameter")
    assert output.text.startswith("ran\n")  # and is not kept from running


def test_cells_that_ran_before_the_extension_was_loaded_count_too(session: Session) -> None:
    for cell in (IMPORTS, MADE, LOADED):
        session.run(cell)
    assert len(session.run(WRONG).findings) == 1


def test_a_finding_is_shown_once(session: Session) -> None:
    for cell in (LOADED, IMPORTS, MADE, WRONG):
        session.run(cell)
    assert session.run("x = 1").findings == []


def test_what_is_shown_has_source_marks_and_advice(session: Session) -> None:
    for cell in (LOADED, IMPORTS, MADE):
        session.run(cell)
    [data] = session.run(WRONG.replace("torch.zeros", "'<&>' and torch.zeros")).shown
    plain, html = data["text/plain"], data["text/html"]
    assert "    2 | net.weight = '<&>' and torch.zeros(4, 4)\n      | ^^^^^^^^^^\n" in plain
    assert "\x1b" not in plain
    assert "net.weight = &#x27;&lt;&amp;&gt;&#x27; and torch.zeros(4, 4)" in html
    assert '<a href="https://' in html and '#prm101" target="_blank">PRM101</a>' in html


def test_all_that_ran_is_looked_at_on_demand(session: Session) -> None:
    for cell in (IMPORTS, MADE, WRONG, LOADED):
        session.run(cell)
    [finding] = session.run("%paramassign").findings
    assert finding.startswith("PRM101 In [3], line 2:")


def test_nothing_found_is_said_on_demand(session: Session) -> None:
    session.run(LOADED)
    session.run("x = 1")
    assert session.run("%paramassign").text == "paramassign: nothing found\n"


def test_it_may_be_switched_off_and_on(session: Session) -> None:
    for cell in (LOADED, IMPORTS, MADE, "%paramassign off"):
        session.run(cell)
    assert session.run(WRONG).findings == []
    session.run("%paramassign on")
    assert len(session.run(WRONG).findings) == 1
    assert "write %paramassign, " in session.run("%paramassign often").text


def test_comments_and_configuration_silence(session: Session, folder: Path) -> None:
    for cell in (LOADED, IMPORTS, MADE):
        session.run(cell)
    assert session.run(f"{WRONG}  # noqa: PRM101").findings == []
    (folder / "pyproject.toml").write_text('[tool.paramassign]\nignore = ["PRM101"]\n')
    assert session.run(WRONG).findings == []
    (folder / "pyproject.toml").write_text("[tool.paramassign]\nignore = 1\n")
    assert "paramassign: error: " in session.run(WRONG).text


def test_what_does_not_parse_is_left_to_ipython(session: Session) -> None:
    session.run(LOADED)
    assert session.run("def f(:").findings == []
    for cell in (IMPORTS, "%%time\n" + MADE):
        session.run(cell)
    assert len(session.run(WRONG).findings) == 1


def test_what_is_run_behind_the_scenes_is_not_looked_at(session: Session) -> None:
    for cell in (LOADED, IMPORTS, MADE):
        session.run(cell)
    assert session.run(WRONG, is_kept=False).findings == []


def test_of_a_long_session_the_last_cells_are_looked_at(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flake8_paramassign import notebook_extension

    for cell in (LOADED, IMPORTS, MADE, "x = 1"):
        session.run(cell)
    frozen = "net.requires_grad = False"  # nothing, unless it is known what net is
    monkeypatch.setattr(notebook_extension, "_MOST_LINES", 5)
    assert len(session.run(frozen).findings) == 1
    assert session.run(frozen).findings == []


def test_it_may_be_unloaded(session: Session) -> None:
    for cell in (LOADED, IMPORTS, MADE, "%unload_ext flake8_paramassign"):
        session.run(cell)
    assert session.run(WRONG).findings == []
    session.run(LOADED)
    assert len(session.run(WRONG).findings) == 1


def test_in_a_real_kernel(folder: Path) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    from nbformat import v4

    make: Any = v4  # which has no types
    sources = (LOADED, IMPORTS, MADE, WRONG, "%paramassign")
    notebook = make.new_notebook(cells=[make.new_code_cell(source) for source in sources])
    nbclient.NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    shown = [
        [o.data["text/plain"] for o in of_cell if o.output_type == "display_data"]
        for of_cell in outputs
    ]
    assert [len(of_cell) for of_cell in shown] == [0, 0, 0, 1, 1]
    assert shown[3][0].startswith("PRM101 In [4], line 2:")
    assert outputs[3][1].text == "ran\n"
