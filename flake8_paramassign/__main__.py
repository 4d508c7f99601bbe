"""``python -m flake8_paramassign``."""

from __future__ import annotations

import sys

from flake8_paramassign.cli import main

if __name__ == "__main__":
    sys.exit(main())
