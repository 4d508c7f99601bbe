"""Unified diffs that ``git apply`` takes, in the bytes of the files."""

from __future__ import annotations

import difflib
import os

from flake8_paramassign.output.colour import bold, green, red
from flake8_paramassign.wording import masked


def unified(name: str, before: bytes, after: bytes) -> bytes:
    """Return the diff of the file that is called ``name``, with slashes; empty if none."""
    lines = difflib.diff_bytes(
        difflib.unified_diff,
        _lines(before),
        _lines(after),
        _quoted(f"a/{name}"),
        _quoted(f"b/{name}"),
    )
    return b"".join(
        line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"
        for line in lines
    )


def coloured(diff: str) -> str:
    """Return ``diff`` for a person: in colours, and without what would move a cursor."""
    colours = {"-": red, "+": green, "@": bold}
    lines = (masked(line.removesuffix("\r")) for line in diff.split("\n"))
    return "\n".join(colours[line[0]](line) if line[:1] in colours else line for line in lines)


def _lines(content: bytes) -> list[bytes]:
    """Return the lines as git counts them: a lone CR ends none."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _quoted(path: str) -> bytes:
    """Return ``path`` as git writes it: quoted if it holds what would end or break the line."""
    name = os.fsencode(path)
    if any(byte < 0x20 or byte in b'"\\\x7f' for byte in name):
        special = {ord('"'): rb"\"", ord("\\"): rb"\\"}
        escaped = (
            special.get(byte, bytes([byte]) if 0x20 <= byte < 0x7F else b"\\%03o" % byte)
            for byte in name
        )
        return b'"' + b"".join(escaped) + b'"'
    return name + b"\t" if b" " in name else name
