"""The folder that a scan writes: a file a part, and what the scan is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import fsspec
import pyarrow.parquet as pq

from flake8_paramassign.configuration import ConfigurationError
from flake8_paramassign.ourselves import fingerprint
from flake8_paramassign.scan.job import UNFINISHED, Job, files_in

_STATE = "_scan.json"
"""Readers of Parquet pass over it."""


@dataclass
class Summary:
    """What was found in all parts together."""

    files: int = 0
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many, by code and name of the rule."""
    files_with: Counter[tuple[str, str]] = field(default_factory=Counter)
    repositories_with: Counter[tuple[str, str]] = field(default_factory=Counter)

    def table(self) -> str:
        """Return a line for each rule."""
        lines = [f"{'findings':>9} {'files':>9} {'repositories':>12}"] if self.findings else []
        lines += [
            f"{count:>9} {self.files_with[rule]:>9} {self.repositories_with[rule]:>12}"
            f"  {'  '.join(rule)}"
            for rule, count in sorted(self.findings.items(), key=lambda item: (-item[1], item[0]))
        ]
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Results:
    """The folder of one scan, here or elsewhere."""

    job: Job
    dataset: str

    @cached_property
    def _system(self) -> tuple[Any, str]:
        system, folder = fsspec.core.url_to_fs(self.job.out)
        return system, str(folder)

    def begin(self, parts: int) -> int:
        """Write down what the scan is, or find it there from before; return its parts.

        ``parts`` is how many there are to be. Raises ConfigurationError where another scan is
        there, and OSError.
        """
        system, folder = self._system
        mine = [self.dataset, repr(self.job.columns), self.job.settings, fingerprint()]
        file = f"{folder}/{_STATE}"
        if system.exists(file):
            state = json.loads(system.cat_file(file))
            if state["scan"] != mine:
                raise ConfigurationError(f"{self.job.out}: holds another scan")
            return int(state["parts"])
        if system.exists(folder) and system.ls(folder):
            raise ConfigurationError(f"{self.job.out}: is not empty")
        system.makedirs(folder, exist_ok=True)
        system.pipe_file(file, json.dumps({"scan": mine, "parts": parts}).encode())
        return parts

    def missing(self, parts: int) -> list[int]:
        """Return which parts are still to be done."""
        system, folder = self._system
        there = {str(path).rpartition("/")[2] for path in system.ls(folder, detail=False)}
        return [part for part in range(parts) if self.job.name_of(part) not in there]

    def finish(self) -> None:
        """Remove what killed runs have left, once nothing is missing."""
        system, folder = self._system
        for path in map(str, system.ls(folder, detail=False)):
            if path.rpartition("/")[2].startswith(UNFINISHED):
                system.rm(path)

    def summary(self) -> Summary:
        """Count what there is. Each repository is in one part, so that parts can be added."""
        found = Summary()
        for table in self._tables():
            found.files += files_in(table)
            rows = list(zip(*(table[name].to_pylist() for name in _COUNTED), strict=True))
            found.findings.update(row[:2] for row in rows)
            found.files_with.update(row[:2] for row in set(rows))
            found.repositories_with.update(row[:2] for row in {row[:3] for row in rows})
        return found

    def _tables(self) -> Iterator[Any]:
        system, folder = self._system
        for path in sorted(system.glob(f"{folder}/part-*.parquet")):
            with system.open(path, "rb") as file:
                yield pq.read_table(file)


_COUNTED = ("code", "name", "repository", "path")
