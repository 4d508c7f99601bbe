"""What is built: the archive of the sources, and the wheel."""

from __future__ import annotations

import re
import subprocess
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="hatchling is not installed")
pytest.importorskip("hatch_fancy_pypi_readme", reason="hatch-fancy-pypi-readme is not installed")

from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from flake8_paramassign import __version__

ROOT = Path(__file__).parent.parent
HOME = "https://github.com/flake8-paramassign/flake8-paramassign"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of the archive of the sources."""
    [path] = SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")))
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    builder = WheelBuilder(str(ROOT))
    [path] = builder.build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return message_from_bytes(wheel.read(f"flake8_paramassign-{__version__}.dist-info/METADATA"))


def test_the_sources_are_all_that_is_kept(sources: set[str]) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not in a clone")
    kept = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    assert kept - sources == set()


def test_both_packages_are_typed(wheel: zipfile.ZipFile) -> None:
    for package in ("flake8_paramassign", "codemods"):
        assert f"{package}/py.typed" in wheel.namelist()


def test_the_wheel_has_nothing_but_the_packages(wheel: zipfile.ZipFile) -> None:
    folders = {name.partition("/")[0] for name in wheel.namelist()}
    assert folders == {
        "flake8_paramassign", "codemods", f"flake8_paramassign-{__version__}.dist-info",
    }  # fmt: skip


def test_the_project_has_addresses_and_authors(metadata: Message) -> None:
    urls = dict(entry.split(", ") for entry in metadata.get_all("Project-URL", []))
    assert urls["Homepage"] == HOME
    assert {"Changelog", "Documentation", "Issues"} <= urls.keys()
    assert metadata["Author"]


def test_links_lead_somewhere_outside_the_repository(metadata: Message) -> None:
    text = str(metadata.get_payload())
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert f"{HOME}/blob/main/editors/README.md" in links
    for link in links:
        assert link.startswith(("https://", "#")), link
        if link.startswith(f"{HOME}/blob/main/"):
            assert (ROOT / link.removeprefix(f"{HOME}/blob/main/").partition("#")[0]).exists(), link


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == __version__
