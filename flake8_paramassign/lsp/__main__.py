"""The command ``paramassign-lsp``, and ``python -m flake8_paramassign.lsp``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from flake8_paramassign import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve an editor until it hangs up; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="paramassign-lsp",
        description="The language server of flake8-paramassign, on standard input and output.",
        allow_abbrev=False,
    )
    # Editors pass --stdio to every server.
    parser.add_argument("--stdio", action="store_true", help="the default")
    parser.add_argument("--tcp", metavar="HOST:PORT", type=_address, help="listen there instead")
    parser.add_argument("--version", action="version", version=f"paramassign-lsp {__version__}")
    options = parser.parse_args(arguments)
    try:
        from flake8_paramassign.lsp.server import build
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        needed = "pip install 'pygls>=2,<3'"
        print(f"paramassign-lsp: error: needs pygls: {needed}", file=sys.stderr)
        return 2
    if options.tcp:
        build().start_tcp(*options.tcp)
    else:
        build().start_io()
    return 0


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host or "127.0.0.1", int(port)


if __name__ == "__main__":
    sys.exit(main())
