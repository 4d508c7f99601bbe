"""PRM306: a transformers model initialises weights past the guard for loaded ones."""

from __future__ import annotations

import ast

from flake8_paramassign.domain.values import Value
from flake8_paramassign.facts import Facts
from flake8_paramassign.facts.aliasing import bases, held_as, is_parameter
from flake8_paramassign.facts.requirements import excludes
from flake8_paramassign.facts.uses import tested
from flake8_paramassign.facts.wording import shown
from flake8_paramassign.project.classes import Class, ExternalClass, ProjectClass
from flake8_paramassign.project.module import Module
from flake8_paramassign.rules.base import Rule, Verdict
from flake8_paramassign.semantics.events import DataStored, WrittenInPlace
from flake8_paramassign.semantics.frames import Frame

_HOOK = "_init_weights"
_BASE = "PreTrainedModel"
_SINCE = 5
"""The version of transformers from which on nn.init leaves loaded weights alone."""
_GONE = frozenset(
    f"transformers.{name}"
    for name in """
    adapters benchmark configuration_bert deepspeed generation_beam_search
    generation_logits_process generation_utils modeling_bert modeling_gpt2 modeling_roberta
    modeling_tf_utils modeling_utils.Conv1D modeling_utils.PoolerEndLogits
    modeling_utils.SequenceSummary modeling_utils.SQuADHead
    modeling_utils.apply_chunking_to_forward modeling_utils.find_pruneable_heads_and_indices
    modeling_utils.prune_conv1d_layer modeling_utils.prune_linear_layer
    pytorch_utils.find_pruneable_heads_and_indices tokenization_utils utils.model_parallel_utils
    """.split()
)
"""What older versions have, and 5.0.0 lacks: modules, and names in modules (its files, read)."""
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
    Silent where the write depends on a test of `_is_hf_initialized`, where the project's own
    requirements do not admit transformers 5 or the file imports what only older versions have, as
    4 overwrites nothing, and where `PreTrainedModel` is a class of the project's own that has no
    such guard. In code outside transformers, version 5.23 leaves a module alone of which everything
    was loaded: what is overwritten there is what was loaded of a module that lacks something else.
    A mixin is known by the classes of its file.

    ## References
    - [huggingface/transformers#46620](https://github.com/huggingface/transformers/issues/46620)
    - [torch.nn.init](https://docs.pytorch.org/docs/stable/nn.init.html)
    """

    code = "PRM306"
    name = "init-guard-bypassed"
    claim = "a write past nn.init in _init_weights of transformers overwrites loaded weights"
    fix = "unsafe"

    def judge(self, event: WrittenInPlace | DataStored, facts: Facts) -> Verdict | None:
        """A Parameter is written in ``_init_weights`` by something nn.init does not guard."""
        hook = _hook(event.frame, facts)
        if hook is None or hook.caller is not None or GUARD in tested(event):
            return None
        if isinstance(event, DataStored):
            if not isinstance(event.node, ast.Attribute):
                return None
            subject, tensors, how = event.node.value, event.receivers, ".data ="
        else:
            subject, tensors, how = event.subject, event.tensors, event.how
        guarded = how.startswith("nn.init.")
        if not any(_may_be_loaded(value, hook, event, facts, guarded) for value in tensors):
            return None
        if excludes(facts.module.path, "transformers", _SINCE, facts.project.surroundings):
            return None
        if _needs_older(facts.module):
            return None
        return Verdict(
            f"'{shown(subject)}' is written by {how} in _init_weights, which under transformers "
            f"5.0 to 5.5 (and newer where a weight of the module is missing) overwrites what "
            f"from_pretrained has loaded; {_instead(how, subject)}"
        )


def _hook(frame: Frame, facts: Facts) -> Frame | None:
    """The activation of an ``_init_weights``, which transformers calls, that led here."""
    at: Frame | None = frame
    while at is not None:
        if getattr(at.node, "name", "") == _HOOK and at.owner is not None:
            for cls in facts.family(at.owner):  # it may be a mixin
                if any(_is_base(ancestor, facts) for ancestor in cls.ancestry):
                    return at
        at = at.caller
    return None


def _is_base(cls: Class, facts: Facts) -> bool:
    """Whether a class is transformers' own base, or one that nobody can look into."""
    if isinstance(cls, ExternalClass):
        is_its = cls.name.partition(".")[0] == "transformers"
        return is_its and cls.short_name == _BASE and not facts.project.owns(cls.name)
    return isinstance(cls, ProjectClass) and cls.name == _BASE and GUARD in cls.module.words


def _needs_older(module: Module) -> bool:
    """Whether a file imports what only older versions of transformers have."""
    imports = (node for nodes in module.bindings.values() for node in nodes)
    return any(
        source in _GONE or any(f"{source}.{alias.name}" in _GONE for alias in node.names)
        for node in imports
        if isinstance(node, ast.ImportFrom)
        for source in (module.absolute(node),)
    )


def _may_be_loaded(
    value: Value, hook: Frame, event: WrittenInPlace | DataStored, facts: Facts, guarded: bool
) -> bool:
    """Whether ``value`` is a Parameter that the hook did not make, or the data of one.

    ``guarded``: what writes it leaves a loaded Parameter alone, and only that.
    """
    chain = [value, *(base for base, _ in bases(value, event.state, facts))]
    if guarded and is_parameter(value, event.state, facts):
        return False
    if any(_is_part_of_module(link, hook, event, facts) for link in chain):
        return True
    for link in chain:
        if is_parameter(link, event.state, facts):
            tensor = facts.tensor(link, event.state)
            made = tensor.made if tensor is not None else None
            return made is None or all(node is not made.node for node in ast.walk(hook.node))
    return False


def _is_part_of_module(
    value: Value, hook: Frame, event: WrittenInPlace | DataStored, facts: Facts
) -> bool:
    """Whether it is what the Module holds that is initialised, of which nothing more is known.

    What ``self`` holds may be anything, but if it has a ``.data``.
    """
    data = held_as(value)
    part = held_as(data[0]) if data is not None and data[1] == "data" else data
    if part is None or facts.is_module(part[0], event.state) is False:
        return False
    root = part[0]
    while (above := held_as(root)) is not None:
        root = above[0]
    return part is not data or (root is not hook.receiver and isinstance(root.site, ast.arg))


def parameter_of(subject: ast.expr) -> ast.expr:
    """Return what nn.init is to be given, the Parameter itself: ``w`` of ``w.data[0]``."""
    while isinstance(subject, ast.Subscript) or (
        isinstance(subject, ast.Attribute) and subject.attr == "data"
    ):
        subject = subject.value
    return subject


def _instead(how: str, subject: ast.expr) -> str:
    """What does the same and leaves loaded weights alone; of a part, nn.init cannot know that."""
    parameter = shown(parameter_of(subject))
    if isinstance(subject, ast.Subscript):
        return f"do it only if not getattr({parameter}, {GUARD!r}, False)"
    function = how.removesuffix("()") if how.startswith("nn.init.") else _INITIALISERS.get(how)
    if function is None:
        return f"do it only if not getattr({parameter}, {GUARD!r}, False)"
    return f"write {function}({parameter}, ...), which does not"
