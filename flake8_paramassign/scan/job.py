"""What a worker does: one part of the repositories, from their rows to a file of findings."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from flake8_paramassign import notebooks
from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.discovery import PYTHON
from flake8_paramassign.failures import not_analysed
from flake8_paramassign.findings import Finding
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.scan.repository import ROOT, Repository, path_in
from flake8_paramassign.wording import encodable

PART = "paramassign_part"
"""The column that says which part a row belongs to."""

SCHEMA = pa.schema(
    [
        ("repository", pa.string()),
        ("path", pa.string()),
        ("row", pa.int32()),
        ("column", pa.int32()),
        ("end_row", pa.int32()),
        ("end_column", pa.int32()),
        ("code", pa.string()),
        ("name", pa.string()),
        ("message", pa.string()),
        ("applicability", pa.string()),
    ]
)
UNFINISHED = ".part-"
"""How names of files begin that are no parts yet; readers of Parquet pass over them."""
_FILES = b"files"
"""Under which a part keeps how many files were looked at."""
_SUFFIXES = (*PYTHON, notebooks.SUFFIX)


@dataclass(frozen=True)
class Columns:
    """The names of the columns of a data set."""

    content: str
    path: str
    repository: str

    @property
    def names(self) -> tuple[str, str, str]:
        """All of them."""
        return self.content, self.path, self.repository


@dataclass(frozen=True)
class Job:
    """A scan, as it is sent to workers."""

    configuration: Configuration
    columns: Columns
    out: str
    """A folder, or the address of one."""

    @property
    def settings(self) -> str:
        """What its findings depend on besides the sources."""
        return repr(replace(self.configuration, jobs=None))

    def name_of(self, part: int) -> str:
        """Return the name of the file with the findings of a part."""
        return f"part-{part:06}.parquet"

    def examine(self, rows: Any) -> list[int]:
        """Write the findings in the repositories of a data frame; return which parts these are.

        Raises OSError.
        """
        done = []
        for part, group in rows.groupby(PART):
            files = 0
            found: list[tuple[object, ...]] = []
            for repository, of_one in group.groupby(self.columns.repository):
                contents = self._contents(of_one)
                wanted = sorted(path for path in contents if self._is_wanted(path))
                files += len(wanted)
                found += self._rows(repository, contents, wanted)
            self.write(int(part), files, found)
            done.append(int(part))
        return done

    def _contents(self, rows: Any) -> dict[str, bytes | None]:
        """Return the files of one repository; of two with one name always the same."""
        columns = self.columns
        named = zip(rows[columns.path], rows[columns.content], strict=True)
        made = [(path, _bytes(content)) for path, content in named if isinstance(path, str)]
        return dict(sorted(made, key=lambda file: (file[0], file[1] or b"")))

    def _is_wanted(self, path: str) -> bool:
        return path.endswith(_SUFFIXES) and not any(
            patterns.verdict(Path(path_in(path))) for patterns in self._left_out
        )

    @cached_property
    def _left_out(self) -> Sequence[Any]:
        return self.configuration.exclusion.patterns(ROOT)

    def _rows(
        self, repository: str, contents: dict[str, bytes | None], wanted: list[str]
    ) -> Iterator[tuple[object, ...]]:
        around = Repository({path: content or b"" for path, content in contents.items()})
        checker = Checker(self.configuration, rewrite, around)
        for path in wanted:
            for finding in _findings(checker, path, contents[path]):
                yield _row(repository, path, finding)

    def write(self, part: int, files: int = 0, rows: Sequence[tuple[object, ...]] = ()) -> None:
        """Write a part so that it is there as a whole, or not at all; raises OSError."""
        columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
        table = pa.table(dict(zip(SCHEMA.names, columns, strict=True)), schema=SCHEMA)
        table = table.replace_schema_metadata({_FILES: str(files)})
        system, folder = fsspec.core.url_to_fs(self.out)
        temporary = f"{folder}/{UNFINISHED}{uuid.uuid4().hex}"
        with system.open(temporary, "wb") as file:
            pq.write_table(table, file)
        system.mv(temporary, f"{folder}/{self.name_of(part)}")


def in_parts(rows: Any, column: str, parts: int, wanted: frozenset[int]) -> Any:
    """Return the rows of a data frame that belong to one of the parts ``wanted``, saying which.

    All rows of a repository belong to one part, on every machine the same.
    """
    rows = rows.assign(**{column: rows[column].fillna("")})
    known = {name: _part_of(name, parts) for name in rows[column].unique()}
    rows[PART] = rows[column].map(known).astype("int64")
    return rows[rows[PART].isin(wanted)]


def _part_of(repository: object, parts: int) -> int:
    name = str(repository).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big") % parts


def files_in(table: Any) -> int:
    """Return how many files were looked at for a part."""
    return int((table.schema.metadata or {}).get(_FILES, b"0"))


def _findings(checker: Checker, path: str, content: bytes | None) -> list[Finding]:
    if content is None:
        reason = not_analysed("the data set has no content of it")
        return [Finding(path, reason, {})] if "PRM001" in checker.configuration.codes else []
    return checker.check_named(content, path_in(path))


def _row(repository: str, path: str, finding: Finding) -> tuple[object, ...]:
    found = finding.diagnostic
    return (
        repository,
        f"{encodable(path)}:cell {finding.cell}" if finding.cell else encodable(path),
        found.start.line,
        found.start.column + 1,
        found.end.line,
        found.end.column + 1,
        found.code,
        found.name,
        found.message,
        found.fix.applicability.value if found.fix else None,
    )


def _bytes(content: object) -> bytes | None:
    """Return the content of a file, which data sets have as text or as bytes."""
    if isinstance(content, str):
        return content.encode("utf-8", "surrogatepass")
    return bytes(content) if isinstance(content, bytes | bytearray | memoryview) else None
