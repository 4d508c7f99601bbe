"""The command that writes or checks ``torch.json``."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence

from flake8_paramassign.catalogue import DATA
from flake8_paramassign.catalogue.generate import collect, render


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or with ``--check`` say how it differs: 1 if it does, 2 without torch."""
    parser = argparse.ArgumentParser(
        prog="python -m flake8_paramassign.catalogue.generate",
        description="Write down what the installed torch's classes and functions do.",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    check = parser.parse_args(arguments).check
    try:
        text = render(collect())
    except ImportError as error:
        print(f"torch cannot be asked: {error}", file=sys.stderr)
        return 2
    if not check:
        DATA.write_text(text, encoding="utf-8", newline="\n")
        return 0
    stored = DATA.read_text(encoding="utf-8")
    sys.stdout.writelines(
        difflib.unified_diff(
            stored.splitlines(keepends=True),
            text.splitlines(keepends=True),
            fromfile=DATA.name,
            tofile="installed torch",
            n=0,
        )
    )
    return int(stored != text)


if __name__ == "__main__":
    sys.exit(main())
