"""The command ``paramassign scan``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flake8_paramassign.arguments import Parser, add_exclusion, add_jobs, add_rules, configured
from flake8_paramassign.configuration import Configuration, ConfigurationError, read
from flake8_paramassign.ending import CLEAN, FINDINGS, complain, print_out, say
from flake8_paramassign.failures import describe
from flake8_paramassign.patterns import absolute
from flake8_paramassign.progress import draw
from flake8_paramassign.scan.repository import ROOT
from flake8_paramassign.wording import one_line
from flake8_paramassign.workers import processes

_ROWS_IN_A_PART = 500
"""About so many: little is lost where a scan is killed, and nobody waits for the last one."""


def scan(arguments: Sequence[str]) -> int:
    """Do what the words after ``paramassign scan`` say; return the exit status.

    Raises ConfigurationError and OSError.
    """
    options = parser().parse_args(arguments)
    try:
        import dask
        import dask.dataframe as dd

        dask.config.set({"logging.distributed": "error"})
        from flake8_paramassign.scan.job import Columns, Job
        from flake8_paramassign.scan.results import Results
    except ImportError as error:
        raise ConfigurationError(f"scan needs the extra 'scan': {error}") from None
    configuration = read(absolute(options.config)) if options.config else Configuration()
    configuration = configuration.overridden(configured(options), ROOT)
    columns = Columns(options.content, options.path, options.repository)
    try:
        data = dd.read_parquet(options.dataset)
        if absent := [name for name in columns.names if name not in data.columns]:
            there = one_line(", ".join(map(str, data.columns)))
            raise ConfigurationError(
                f"{options.dataset}: no column {', '.join(absent)}: say with --content, --path and "
                f"--repository what they are called; there are {there}"
            )
        rows = data[list(columns.names)]
        count = len(rows)
    except ValueError as error:
        raise ConfigurationError(f"{options.dataset}: {describe(error)}") from None
    job = Job(configuration, columns, options.out)
    results = Results(job, options.dataset)
    parts = results.begin(options.parts or max(1, count // _ROWS_IN_A_PART))
    missing = results.missing(parts)
    problems = []
    if missing:
        with _client(options.scheduler, configuration.jobs) as client:
            problems = list(_done(client, job, rows, parts, missing))
    for part in [] if problems else results.missing(parts):
        job.write(part)  # to which no repository belongs
    found = results.summary()
    print_out(found.table())
    left = len(results.missing(parts))
    if not left:
        results.finish()
    say(f"{parts - left} of {parts} parts are done: {found.files} files were looked at")
    return complain("paramassign", problems) or (FINDINGS if found.findings else CLEAN)


def parser() -> argparse.ArgumentParser:
    """Return what reads the words after ``paramassign scan``."""
    parser = Parser(
        prog="paramassign scan",
        description="Find wrong assignments to PyTorch parameters in a data set of sources: "
        "Parquet with a file a row. OUT becomes a folder of Parquet with a finding a row. "
        "A scan that was ended goes on where the same command is given again.",
    )
    parser.add_argument("dataset", metavar="DATASET", help="a file, folder, pattern or address")
    parser.add_argument("out", metavar="OUT", help="a folder, or the address of one")
    data = parser.add_argument_group("data set (names of its columns)")
    for name, about in (
        ("content", "the source, as text or bytes"),
        ("path", "the name of the file in its repository"),
        ("repository", "what files that import each other have in common"),
    ):
        data.add_argument(f"--{name}", metavar="COLUMN", default=name, help=about)
    work = parser.add_argument_group("work")
    work.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster; by default one is made here"
    )
    work.add_argument("--parts", type=_parts, metavar="N", help="how many files OUT is to have")
    add_jobs(work)
    add_rules(parser)
    files = add_exclusion(parser)
    files.add_argument("--config", metavar="FILE", help="use this pyproject.toml")
    return parser


def _parts(text: str) -> int:
    parts = int(text)
    if parts < 1:
        raise ValueError
    return parts


@contextmanager
def _client(scheduler: str | None, jobs: int | None) -> Iterator[Any]:
    """Connect to a cluster, or to one that is made of processes here and ends with this one."""
    from distributed import Client, LocalCluster

    if scheduler:
        with Client(scheduler) as client:
            yield client
        return
    workers = processes(jobs)
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _done(client: Any, job: Any, rows: Any, parts: int, missing: Sequence[int]) -> Iterator[str]:
    """Have the parts done that are missing; yield what could not be done, on one line each."""
    from distributed import as_completed

    from flake8_paramassign.scan.job import PART, in_parts

    meta = in_parts(rows._meta, job.columns.repository, parts, frozenset(missing))
    wanted = rows.map_partitions(
        in_parts, job.columns.repository, parts, frozenset(missing), meta=meta
    )
    shuffled = wanted.shuffle(on=PART, npartitions=len(missing))
    futures = [client.submit(job.examine, part) for part in client.compute(shuffled.to_delayed())]
    done = 0
    for future in as_completed(futures):
        try:
            done += len(future.result())
        except Exception as error:
            yield f"a part could not be done: {describe(error)}"
        if sys.stderr.isatty():
            draw(done, len(missing), "parts")
