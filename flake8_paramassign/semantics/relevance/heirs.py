"""Whether a file has a class that may be one of Modules."""

from __future__ import annotations

import ast
import builtins

from flake8_paramassign.domain.values import Library
from flake8_paramassign.project.libraries import is_module_class
from flake8_paramassign.project.module import Module


def has_heirs(module: Module) -> bool:
    """Whether some class of the file, wherever it stands, may derive from ``nn.Module``."""
    return any(
        isinstance(node, ast.ClassDef)
        and (node.keywords or any(_may_be_module(base, module) for base in node.bases))
        for node in ast.walk(module.tree)
    )


def _may_be_module(base: ast.expr, module: Module) -> bool:
    """Whether a base may be a class of Modules; one of the file is looked at for itself."""
    if isinstance(base, ast.Name):
        binders = module.bindings.get(base.id)
        if binders is None:
            return module.starred(base.id) is not None or not hasattr(builtins, base.id)
        if all(isinstance(binder, ast.ClassDef) for binder in binders):
            return False
        if not all(isinstance(binder, ast.Import | ast.ImportFrom) for binder in binders):
            return True
    return not all(
        isinstance(value, Library) and is_module_class(value.name) is False
        for value in module.static(base)
    )
