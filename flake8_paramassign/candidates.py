"""Which functions of a file are worth running."""

from __future__ import annotations

import ast

from flake8_paramassign.inference.interpreter import Interpreter


def run(interpreter: Interpreter) -> None:
    """Run all that may hold a finding, each function once for any arguments."""
    tree = interpreter.module.tree
    interpreter.run_top_level()
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            cls = interpreter.module.class_of(statement)
            interpreter.run_class(cls, set(cls.members.values()))
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            interpreter.run_function(statement)
