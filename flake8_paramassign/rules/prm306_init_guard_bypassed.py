"""PRM306: a transformers model initialises weights past the guard for loaded ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_paramassign.catalogue import is_stock_slot
from flake8_paramassign.inference.classes import Class, ExternalClass, ProjectClass
from flake8_paramassign.inference.events import DataStored, Event, Frame, WrittenInPlace
from flake8_paramassign.inference.objects import Objects
from flake8_paramassign.inference.reads import tests_around
from flake8_paramassign.inference.values import Opaque, Parameter, Tensor, Value
from flake8_paramassign.nodes import FunctionNode, root_name
from flake8_paramassign.rules.base import Finding, Rule

_HOOK = "_init_weights"
_BASE = "PreTrainedModel"
GUARD = "_is_hf_initialized"
"""The mark that transformers puts on what it has loaded."""
_INITIALISERS = {
    ".normal_()": "nn.init.normal_",
    ".uniform_()": "nn.init.uniform_",
    ".zero_()": "nn.init.zeros_",
    ".fill_()": "nn.init.constant_",
}


class InitGuardBypassed(Rule):
    """
    ## What it does
    Reports, in the `_init_weights` of a transformers `PreTrainedModel`, a write in place or through
    `.data`: `module.weight.data.normal_()`, `module.bias.zero_()`, `nn.init.ones_(w.data)`.

    ## Why it is bad
    `from_pretrained` calls `_init_weights` after weights were loaded. While it does, transformers 5
    lets the functions of `nn.init` skip Parameters that were loaded; a write past them does not
    see that mark, and overwrites the checkpoint with random numbers. Nothing raises.

    ## Example
    ```python
    class Model(PreTrainedModel):
        def _init_weights(self, module):
            if isinstance(module, nn.Linear):
                module.weight.data.normal_(std=0.02)
    ```

    ## Use instead
    ```python
    class Model(PreTrainedModel):
        def _init_weights(self, module):
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
    ```

    ## Fix safety
    Unsafe: loaded weights then are kept, which is what is meant. `torch.no_grad()` does not help.
    What `nn.init` has no function for, and what writes a part of a weight, is put under
    `if not getattr(weight, "_is_hf_initialized", False):`, as transformers does itself.

    ## Known limits
    Silent where the write depends on a test of `_is_hf_initialized`, and where `PreTrainedModel`
    is a class of the project's own that has no such guard. In code outside transformers, version
    5.23 leaves a module alone of which everything was loaded: what is overwritten there is what was
    loaded of a module that lacks something else. A mixin is known by the classes of its file.

    ## References
    - [huggingface/transformers#46620](https://github.com/huggingface/transformers/issues/46620)
    - [torch.nn.init](https://docs.pytorch.org/docs/stable/nn.init.html)
    """

    code = "PRM306"
    name = "init-guard-bypassed"
    claim = "a write past nn.init in _init_weights of transformers overwrites loaded weights"
    fix = "unsafe"

    def judge(self, event: Event, ask: Objects) -> Finding | None:
        """A Parameter is written in ``_init_weights`` by something nn.init does not guard."""
        if not isinstance(event, WrittenInPlace | DataStored) or not _is_hook(event.frame, ask):
            return None
        if _is_guarded(event.frame):
            return None
        if isinstance(event, DataStored):
            if not isinstance(event.node, ast.Attribute):
                return None
            subject, tensors, how = event.node.value, event.receivers, ".data ="
        else:
            subject, tensors, how = event.subject, event.tensors, event.how
            if how.startswith("nn.init.") and not _is_data(subject):
                return None
        if not any(_may_be_loaded(v, subject, event.frame) for v in tensors):
            return None
        what, parameter = ast.unparse(subject), ast.unparse(parameter_of(subject))
        return Finding(
            f"'{what}' is written by {how} in _init_weights, which overwrites what from_pretrained "
            f"has loaded; {_instead(how, parameter)}"
        )


def _is_hook(frame: Frame, ask: Objects) -> bool:
    """Whether this is an ``_init_weights`` that transformers calls."""
    if getattr(frame.node, "name", "") != _HOOK or frame.owner is None:
        return False
    return any(_is_base(a, ask) for cls in _classes_with(frame.owner) for a in cls.ancestry)


def _classes_with(owner: ProjectClass) -> Iterator[ProjectClass]:
    """A class, and those of its file that inherit from it: it may be a mixin of theirs."""
    yield owner
    for node in owner.module.tree.body:
        if isinstance(node, ast.ClassDef):
            cls = owner.module.class_of(node)
            if owner in cls.ancestry:
                yield cls


def _is_guarded(frame: Frame) -> bool:
    """Whether the statement depends on the mark of loaded weights, or may do so."""
    tests = [node.test for node in ast.walk(frame.node) if isinstance(node, ast.If)]
    in_tests = sum(_mentions_of_guard(test) for test in tests)
    if _mentions_of_guard(frame.node) > in_tests:  # Kept in a variable, which is tested.
        return True
    around = tests_around(frame.statement, frame.node) if frame.statement else ()
    return any(_mentions_of_guard(test) for test, _ in around)


def _mentions_of_guard(node: ast.AST) -> int:
    """How often code names the mark of loaded weights."""
    return sum(
        GUARD in (getattr(inner, "attr", None), getattr(inner, "value", None))
        for inner in ast.walk(node)
    )


def _is_base(cls: Class, ask: Objects) -> bool:
    """Whether a class is transformers' own base, or one that nobody can look into."""
    if isinstance(cls, ExternalClass):
        return cls.name.endswith(_BASE) and not ask.project.owns(cls.name)
    if not isinstance(cls, ProjectClass):
        return False
    if cls.name == _BASE:
        return GUARD in cls.module.text
    unknown = (
        ast.unparse(node)
        for node, base in zip(cls.node.bases, cls.bases, strict=True)
        if base is None
    )
    return any(name.endswith(_BASE) for name in unknown)


def _may_be_loaded(value: Value, subject: ast.expr, frame: Frame) -> bool:
    """Whether ``value`` is a Parameter of the module that is initialised."""
    if isinstance(value, Parameter):
        return not isinstance(value.site, ast.AST)
    if isinstance(value, Tensor):
        if value.origin is None or not (value.view or value.via == ".data"):
            return False
        return _may_be_loaded(value.origin, subject, frame)
    arguments, root = _arguments(frame), root_name(subject)
    if not isinstance(value, Opaque) or root not in arguments:
        return False
    on_self = frame.receiver is not None and root == arguments[0]
    return not on_self or _names_parameter(subject)


def _arguments(frame: Frame) -> list[str]:
    assert isinstance(frame.node, FunctionNode)
    return [a.arg for a in frame.node.args.args]


def _names_parameter(node: ast.expr) -> bool:
    """Whether what ``self`` holds under an unknown name surely is a tensor, or is named as one."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return _is_data(node) or (isinstance(node, ast.Attribute) and is_stock_slot(node.attr))


def _is_data(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "data"


def parameter_of(subject: ast.expr) -> ast.expr:
    """Return what nn.init is to be given, the Parameter itself: ``w`` of ``w.data[0]``."""
    while isinstance(subject, ast.Subscript) or _is_data(subject):
        subject = subject.value  # type: ignore[attr-defined]
    return subject


def _instead(how: str, parameter: str) -> str:
    """What does the same and leaves loaded weights alone."""
    function = how.removesuffix("()") if how.startswith("nn.init.") else _INITIALISERS.get(how)
    if function is None:
        return f"do it only if not getattr({parameter}, {GUARD!r}, False)"
    return f"write {function}({parameter}, ...), which does not"
