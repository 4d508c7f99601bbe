"""The files of the current folder that the tests of the fixer write and read."""

from __future__ import annotations

from pathlib import Path


def tree(**files: bytes) -> None:
    """Write files into the current folder, named without `.py`."""
    for name, content in files.items():
        Path(f"{name}.py").write_bytes(content)


def content(name: str) -> bytes:
    return Path(f"{name}.py").read_bytes()
