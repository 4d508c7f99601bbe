"""Bytes by keys on the disk, in an SQLite file that does not grow beyond a bound.

SQLite serves several processes at once, and keeps what is whole where one is killed. What goes
wrong is no concern of the user's: what cannot be read is not there, and what cannot be written is
not kept. The file may come from anybody: one that is not just as we make it is made anew.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

MOST_BYTES = 200_000_000
"""Of the file. Where they are reached, the half is dropped that was not used for longest."""

_FILE = "findings.db"
_BESIDE = ("", "-journal", "-wal", "-shm")
"""What SQLite adds to the name for files of its own."""
_TABLE = "CREATE TABLE entries (key BLOB PRIMARY KEY, used INTEGER, entry BLOB)"
_PAGE = 4096
_PATIENCE = 2.0
"""Seconds to wait for another process that writes."""
_DAY = 86_400
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by paramassign; may be deleted.\n"
"""What keeps a folder out of backups: https://bford.info/cachedir/"""
_OLDER_HALF = "SELECT key FROM entries ORDER BY used LIMIT (SELECT count(*) / 2 + 1 FROM entries)"


class Store:
    """The entries in one folder, which is made when the first is put there."""

    def __init__(self, folder: Path) -> None:
        """Take the folder's name."""
        self._folder = folder
        self._file = folder / _FILE
        self._takes = True

    def get(self, keys: Iterable[bytes], take: Callable[[bytes, bytes], None]) -> None:
        """Call ``take`` with each of ``keys`` that is there, and its entry."""
        today, used = int(time.time()) // _DAY, []

        def read(database: sqlite3.Connection) -> None:
            for key in keys:
                query = "SELECT used, entry FROM entries WHERE key = ?"
                for day, entry in database.execute(query, (key,)).fetchall():
                    if isinstance(entry, bytes):
                        take(key, entry)
                    if day != today:
                        used.append((today, key))
            database.executemany("UPDATE entries SET used = ? WHERE key = ?", used)

        if os.path.lexists(self._file):
            self._done(read)

    def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Put the entries there, in the place of older ones."""
        today = int(time.time()) // _DAY
        rows = [(key, today, entry) for key, entry in entries.items()]

        def write(database: sqlite3.Connection) -> None:
            database.executemany("REPLACE INTO entries VALUES (?, ?, ?)", rows)

        def make_room(database: sqlite3.Connection) -> None:
            database.execute(f"DELETE FROM entries WHERE key IN ({_OLDER_HALF})")

        if rows and self._takes:
            self._takes = self._has_folder() and (
                self._done(write) or (self._done(make_room) and self._done(write))
            )

    def _has_folder(self) -> bool:
        """Make the folder, if need be, so that neither git nor a backup takes it."""
        try:
            self._folder.mkdir(parents=True)
        except FileExistsError:
            return True
        except OSError:
            return False
        with contextlib.suppress(OSError):
            (self._folder / ".gitignore").write_text("*\n")
            (self._folder / "CACHEDIR.TAG").write_text(_TAG)
        return True

    def _done(self, work: Callable[[sqlite3.Connection], None]) -> bool:
        """Do ``work`` in one transaction; return whether that was possible."""
        if not self._is_plain():
            return False
        try:
            with contextlib.closing(sqlite3.connect(self._file, _PATIENCE)) as database, database:
                _prepare(database)
                work(database)
        except sqlite3.OperationalError:  # busy, full, not to be written
            return False
        except sqlite3.DatabaseError:  # damaged
            for suffix in reversed(_BESIDE):
                with contextlib.suppress(OSError):
                    os.unlink(f"{self._file}{suffix}")
            return False
        return True

    def _is_plain(self) -> bool:
        """Whether nothing is there that leads elsewhere, or that one waits for."""
        if self._folder.is_symlink():
            return False
        for suffix in _BESIDE:
            with contextlib.suppress(FileNotFoundError):
                if not stat.S_ISREG(os.lstat(f"{self._file}{suffix}").st_mode):
                    return False
        return True


def _prepare(database: sqlite3.Connection) -> None:
    """Make the table; raises DatabaseError where there is anything else."""
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA synchronous = OFF")  # After a loss of power, it is made anew.
    database.execute(f"PRAGMA max_page_count = {MOST_BYTES // _PAGE}")
    made = database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    if not made:
        database.execute(_TABLE.replace("TABLE", "TABLE IF NOT EXISTS"))
    elif made != [(_TABLE,)]:
        raise sqlite3.DatabaseError("not ours")
