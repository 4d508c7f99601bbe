"""Who else calls the function that a finding's cause stands in."""

from __future__ import annotations

import ast

from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.nodes import FunctionNode

CALLED_BY_OTHERS = "what makes it may be called by others, too: do it where it is used"


def refuse_other_callers(draft: Draft) -> None:
    """Raise NoRewrite where a fix of another file would be one for other callers as well."""
    if draft.is_elsewhere and may_have_other_callers(draft):
        raise NoRewrite(CALLED_BY_OTHERS)


def may_have_other_callers(draft: Draft, *, storing: bool = False) -> bool:
    """Whether the function of ``draft``, in another file, may have others than the finding's.

    All files of the project are asked; with ``storing``, callers that store what they get in an
    attribute count for none.
    """
    function = draft.function
    if not isinstance(function, FunctionNode):
        return True  # it runs where the file is imported
    found: list[ast.AST] = []
    for module in draft.case.facts.project.files_naming(function.name):
        if module is None:
            return True
        found += mentions_of(function.name, module.tree, storing=storing)
    return len(found) > (0 if storing else 1)


def mentions_of(name: str, tree: ast.AST, *, storing: bool) -> list[ast.AST]:
    """Return what in ``tree`` may call the function ``name``; see ``may_have_other_callers``."""
    stored = {
        node.value.func
        for node in ast.walk(tree)
        if storing
        and isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and all(isinstance(target, ast.Attribute) for target in node.targets)
    }
    return [
        node
        for node in ast.walk(tree)
        if (name in (getattr(node, "id", ""), getattr(node, "attr", "")) and node not in stored)
        or (isinstance(node, ast.alias) and node.name == name and node.asname not in (None, name))
    ]
