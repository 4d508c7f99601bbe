"""The files for GitHub and GitLab: their commands are run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

ROOT = Path(__file__).parent.parent
WRONG = "import torch\nfrom torch import nn\n\nnn.Linear(2, 2).weight = torch.zeros(2, 2)\n"
CLEAN = "import torch\n"


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture
def paramassign(folder: Path) -> Path:
    """The folder of the command ``paramassign``, where the action has installed it."""
    command = folder / "runner" / "paramassign" / "bin" / "paramassign"
    command.parent.mkdir(parents=True)
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m flake8_paramassign "$@"\n'
    )
    command.chmod(0o755)
    return command.parent


class Action:
    """The composite action, as a runner runs its commands; what it uses is left out."""

    def __init__(self, runner: Path) -> None:
        self.runner = runner
        self.steps = {step["name"]: step for step in read("action.yml")["runs"]["steps"]}
        self.inputs = {n: i["default"] for n, i in read("action.yml")["inputs"].items()}

    def run(self, step: str, status: str = "") -> subprocess.CompletedProcess[str]:
        values = {f"inputs.{name}": value for name, value in self.inputs.items()}
        values |= {"github.action_path": str(ROOT), "steps.check.outputs.status": status}
        environment = {
            name: values[expression.strip("${} ")]
            for name, expression in self.steps[step]["env"].items()
        }
        output = self.runner / "output"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.steps[step]["run"]],
            env=os.environ
            | environment
            | {"RUNNER_TEMP": str(self.runner), "GITHUB_OUTPUT": str(output)},
            capture_output=True,
            text=True,
        )

    def check(self, **inputs: str) -> tuple[str, int]:
        """Run all after the installation; return what is printed and the exit status."""
        self.inputs |= {name.replace("_", "-"): value for name, value in inputs.items()}
        printed = self.run("Check").stdout
        outputs = dict(line.split("=") for line in (self.runner / "output").read_text().split())
        return printed, self.run("Result", outputs["status"]).returncode


@pytest.fixture
def action(paramassign: Path) -> Action:
    return Action(paramassign.parent.parent)


class TestGitHub:
    def test_findings_are_a_report_and_a_failure(self, action: Action, folder: Path) -> None:
        (folder / "a.py").write_text(WRONG)
        assert action.check(paths="a.py") == ("", 1)
        report = json.loads((action.runner / "paramassign.sarif").read_text())
        assert [result["ruleId"] for result in report["runs"][0]["results"]] == ["PRM101"]

    def test_findings_may_be_annotations(self, action: Action, folder: Path) -> None:
        (folder / "a.py").write_text(WRONG)
        printed, status = action.check(paths="a.py", upload="false")
        assert printed.startswith("::error title=PRM101") and status == 1

    def test_findings_need_not_fail(self, action: Action, folder: Path) -> None:
        (folder / "a.py").write_text(WRONG)
        assert action.check(paths="a.py", fail_on_findings="false") == ("", 0)

    @pytest.mark.parametrize(("name", "status"), [("a.py", 0), ("missing.py", 2)])
    def test_the_status_is_that_of_the_command(
        self, action: Action, folder: Path, name: str, status: int
    ) -> None:
        (folder / "a.py").write_text(CLEAN)
        assert action.check(paths=name, fail_on_findings="false")[1] == status

    def test_options_and_paths_are_passed(self, action: Action, folder: Path) -> None:
        for name in ("a.py", "b.py"):
            (folder / name).write_text(WRONG)
        inputs = {"paths": "a.py b.py", "arguments": "--ignore PRM101", "upload": "false"}
        assert action.check(**inputs) == ("", 0)
        assert action.check(paths="a.py b.py", arguments="")[0].count("::error") == 2

    def test_what_is_passed_is_no_command(self, action: Action, folder: Path) -> None:
        (folder / "a.py").write_text(CLEAN)
        _, status = action.check(paths="$(touch made) `touch made` ; touch made")
        assert status == 2 and not (folder / "made").exists()

    def test_installs_itself(self, action: Action) -> None:
        assert '/bin/pip" install --quiet "$ACTION"' in action.steps["Install"]["run"]
        assert action.steps["Install"]["env"] == {"ACTION": "${{ github.action_path }}"}

    def test_uploads_what_it_wrote(self, action: Action) -> None:
        upload = action.steps["Upload"]
        assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
        assert upload["with"]["sarif_file"] == "${{ runner.temp }}/paramassign.sarif"

    def test_the_workflow_uses_inputs_that_there_are(self, action: Action) -> None:
        [job] = read("ci/github.yml")["jobs"].values()
        assert job["steps"][-1]["uses"].startswith("flake8-paramassign/flake8-paramassign@")
        assert job["steps"][-1]["with"].keys() <= action.inputs.keys()


def test_gitlab_has_both_reports_where_it_looks_for_them(paramassign: Path, folder: Path) -> None:
    (folder / "a.py").write_text(WRONG)
    job = read("ci/gitlab.yml")["paramassign"]
    path = f"{paramassign}{os.pathsep}{os.environ['PATH']}"
    statuses = [
        subprocess.run(line, shell=True, env=os.environ | {"PATH": path}).returncode
        for line in job["script"]
    ]
    assert statuses == [0, 1]
    reports = job["artifacts"]["reports"]
    [issue] = json.loads(Path(reports["codequality"]).read_text())
    assert issue["check_name"] == "PRM101"
    assert ElementTree.parse(reports["junit"]).getroot().get("failures") == "1"
