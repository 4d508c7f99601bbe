"""``python -m codemods.fix``: rewrites files in place, as ``paramassign-fix`` does."""

from __future__ import annotations

import sys

from flake8_paramassign.fixes.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
