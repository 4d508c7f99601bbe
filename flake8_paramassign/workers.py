"""Many files in worker processes, so that a file that kills its process costs no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from flake8_paramassign.discovery import SourceFile

T = TypeVar("T")

SMALLEST_BATCH = 100_000
LARGEST_BATCH = 1_000_000
"""Bytes: enough to be worth a message, little enough that all workers are busy to the end."""


def processes(jobs: int | None) -> int:
    """Return how many processes to use where ``jobs`` are asked for: no more than processors."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(jobs or cores, cores)


def in_workers(
    check: Callable[[str], T],
    files: Sequence[SourceFile],
    jobs: int,
    lost: Callable[[str, str], T],
    arrived: Callable[[str, T], None] = lambda path, result: None,
) -> list[T]:
    """Return ``check(path)`` for each of ``files``, in order, from at most ``jobs`` processes.

    ``lost(path, reason)`` stands in for the result of a file whose process died over it.
    ``arrived(path, result)`` is told of each as it comes.
    """
    results: dict[int, T] = {}
    batches = deque(_batches(files, jobs))
    workers: dict[Connection, _Worker[T]] = {}
    try:
        while batches or workers:
            while batches and len(workers) < jobs:
                worker = _Worker(check)
                workers[worker.connection] = worker
                worker.take(batches.popleft(), files)
            ready = wait(list(workers))
            for worker in [workers[connection] for connection in workers if connection in ready]:
                index = worker.batch.popleft()
                try:
                    result, has_died = worker.connection.recv(), False
                except (EOFError, OSError):
                    result, has_died = lost(files[index].path, worker.cause_of_death()), True
                results[index] = result
                arrived(files[index].path, result)
                if has_died:
                    del workers[worker.connection]
                    batches.extendleft([worker.batch] if worker.batch else [])
                elif worker.batch:
                    continue
                elif batches:
                    worker.take(batches.popleft(), files)
                else:
                    worker.stop()
                    del workers[worker.connection]
    finally:
        for worker in workers.values():  # after an interrupt only
            worker.end()
    return [results[index] for index in range(len(files))]


class _Worker(Generic[T]):
    """A process and the files, by index, that it still owes results for."""

    def __init__(self, check: Callable[[str], T]) -> None:
        # This process has one thread, so that forking it is safe; it is also ten times as quick.
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
        self.connection, theirs = context.Pipe()
        arguments = (check, theirs, self.connection)
        self.process = context.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self.batch: deque[int] = deque()

    def take(self, batch: deque[int], files: Sequence[SourceFile]) -> None:
        self.batch = batch
        with suppress(OSError):  # If it is dead already, that shows when it owes a result.
            self.connection.send([files[index].path for index in batch])

    def stop(self) -> None:
        with suppress(OSError):
            self.connection.send(None)
        self.process.join()

    def end(self) -> None:
        self.process.terminate()
        self.process.join()

    def cause_of_death(self) -> str:
        self.process.join()
        code = self.process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def _work(check: Callable[[str], object], connection: Connection, parents: Connection) -> None:
    """Answer lists of paths, one result a path, until None comes or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent process ends its workers,
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # and by this.
    parents.close()  # Else this process would itself keep the pipe from breaking.
    with suppress(EOFError, OSError):
        for paths in iter(connection.recv, None):
            for path in paths:
                connection.send(check(path))


def _batches(files: Sequence[SourceFile], jobs: int) -> list[deque[int]]:
    """Return the indices of ``files``, neighbours together, the longest work first."""
    total = sum(file.size for file in files)
    limit = min(max(total // (8 * jobs), SMALLEST_BATCH), LARGEST_BATCH)
    batches: list[tuple[int, deque[int]]] = []
    for index, file in enumerate(files):
        if batches and batches[-1][0] + file.size <= limit:
            size, batch = batches[-1]
            batch.append(index)
            batches[-1] = (size + file.size, batch)
        else:
            batches.append((file.size, deque([index])))
    return [batch for _, batch in sorted(batches, key=lambda sized: -sized[0])]
