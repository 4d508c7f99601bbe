"""Wrong assignments to PyTorch parameters, found without importing PyTorch.

``analyze`` turns the bytes of one file into ``Diagnostic`` objects; the flake8
plugin, the command lines and the tests all call it.
"""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = [
    "Analyzer", "Applicability", "Diagnostic", "Edit", "Fix", "Position", "Related", "Settings",
    "analyze",
]  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flake8_paramassign.analysis import analyze
    from flake8_paramassign.analyzer import Analyzer
    from flake8_paramassign.diagnostics import (
        Applicability,
        Diagnostic,
        Edit,
        Fix,
        Position,
        Related,
    )
    from flake8_paramassign.settings import Settings

# IPython's two names are for ``%load_ext flake8_paramassign``.
_HOME = {
    "load_ipython_extension": "notebook_extension",
    "unload_ipython_extension": "notebook_extension",
    "analyze": "analysis",
    "Analyzer": "analyzer",
    "Settings": "settings",
    **dict.fromkeys(
        ["Applicability", "Diagnostic", "Edit", "Fix", "Position", "Related"], "diagnostics"
    ),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: flake8 loads every plugin on every run."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
