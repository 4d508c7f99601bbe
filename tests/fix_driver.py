"""`paramassign-fix` as a program of its own, on the findings of `fix_fakes`."""

from __future__ import annotations

import sys

import fix_fakes

from codemods.fix import main
from flake8_paramassign import analysis

analysis.analyze = fix_fakes.analyze  # type: ignore[assignment]

if __name__ == "__main__":
    sys.exit(main())
