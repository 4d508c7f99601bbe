"""The sources, and how they are had."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

GITHUB = "https://github.com"


class Unobtainable(Exception):
    """A source could not be had; the message names it and says why."""


@dataclass(frozen=True)
class Source:
    """A package of PyPI at a version, or a repository (``owner/name``) at a commit of GitHub."""

    name: str
    version: str

    @property
    def is_repository(self) -> bool:
        """Whether it is a repository, and no package."""
        return "/" in self.name

    @property
    def folder(self) -> str:
        """The name of its folder among the checkouts."""
        return self.name.replace("/", "+")

    def url(self, path: str, line: int) -> str:
        """Return where a person can look at that line, or at least at the source."""
        if not self.is_repository:
            return f"https://pypi.org/project/{self.name}/{self.version}/"
        file, is_cell, _ = path.partition(":cell ")
        return f"{GITHUB}/{self.name}/blob/{self.version}/{file}" + ("" if is_cell else f"#L{line}")


def obtain(source: Source, checkouts: Path) -> Path:
    """Return the folder of ``source`` in ``checkouts``; what is not there is fetched.

    Raises Unobtainable: it could not be fetched, or a checkout is of another commit.
    """
    folder = checkouts / source.folder
    try:
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=checkouts) as scratch:
                fetched = Path(scratch, "fetched")
                (_clone if source.is_repository else _download)(source, fetched)
                fetched.rename(folder)
        elif (folder / ".git").exists():
            head = _run("git", "-C", str(folder), "rev-parse", "HEAD").strip()
            if head != source.version:
                raise Unobtainable(f"{source.name}: {folder} is at {head}, not {source.version}")
    except (OSError, subprocess.CalledProcessError, zipfile.BadZipFile) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise Unobtainable(f"{source.name}: {said.strip().splitlines()[-1]}") from error
    return folder


def _clone(source: Source, folder: Path) -> None:
    _run("git", "init", "--quiet", str(folder))
    git = ("git", "-C", str(folder))
    address = f"{GITHUB}/{source.name}"
    _run(*git, "fetch", "--quiet", "--depth=1", address, source.version)
    _run(*git, "-c", "advice.detachedHead=false", "checkout", "--quiet", source.version)


def _download(source: Source, folder: Path) -> None:
    pinned = f"{source.name}=={source.version}"
    wheels = folder.with_name("wheels")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
    _run(*pip, "--only-binary=:all:", "--dest", str(wheels), pinned)
    for wheel in wheels.iterdir():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
