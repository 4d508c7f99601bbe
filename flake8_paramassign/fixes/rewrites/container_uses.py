"""How a program uses a container that it keeps on a Module, and whether another kind would do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from flake8_paramassign.domain.objects import Container
from flake8_paramassign.domain.values import Library
from flake8_paramassign.fixes.rewrites.attribute_uses import uses
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.semantics.events import ContainerHeld

_CHANGES_A_LIST = frozenset(["append", "extend", "insert", "remove", "pop", "clear", "update"])
_DISPLAYS = (ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.DictComp)
_ITERATING = ("torch.nn.Module", "torch.nn.Parameter", "torch.optim.")
"""What of torch takes any iterable; its functions take lists and tuples only."""
_WITHOUT_GRAD = frozenset([Library("torch.no_grad"), Library("torch.inference_mode")])
_GO_THROUGH = frozenset(
    """add_param_group all any append enumerate extend filter id iter len list map max min next
    print reversed set sorted tuple zip
    """.split()
)
_TYPES = frozenset(["list", "tuple", "dict"])
_ATTRIBUTES = """
T_destination add_module apply bfloat16 buffers call_super_init children clear compile copy cpu
cuda double dump_patches eval extra_repr float forward fromkeys get get_buffer get_extra_state
get_parameter get_submodule half ipu items keys load_state_dict modules mtia named_buffers
named_children named_modules named_parameters parameters pop popitem register_backward_hook
register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_module register_parameter
register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
set_submodule setdefault share_memory state_dict to to_empty train training type update values
xpu zero_grad
"""
TAKEN = frozenset(_ATTRIBUTES.split())
"""The attributes of ``nn.ModuleDict`` and ``nn.ParameterDict``, which cannot be keys."""


@dataclass(frozen=True)
class Kind:
    """A container of ``torch.nn``, and what it has of a list's or dict's abilities."""

    name: str
    methods: frozenset[str]
    adds: bool = False
    """``a + b``."""
    deletes: bool = True
    """``del a[0]``."""


def check_uses(draft: Draft, event: ContainerHeld, stored: ast.expr, kind: Kind) -> None:
    """Raise NoRewrite where the program does with the attribute what ``kind`` cannot do."""
    found = list(uses(draft, event.name, event.frame.owner))
    for outer, user, use in found:
        _check_use(draft, use, user, outer, kind)
    reads = [use for *_, use in found if isinstance(getattr(use, "ctx", None), ast.Load)]
    if reads and all(_is_without_grad(draft, read) for read in reads):
        raise NoRewrite(
            "it is used without gradients only, and may be kept from training on purpose"
        )
    if isinstance(stored, ast.Name) and _changes_later(draft, stored):
        raise NoRewrite(f"'{stored.id}' is changed after it is stored")


def _is_without_grad(draft: Draft, node: ast.AST) -> bool:
    """Whether ``node`` stands in a block, or a function, in which no gradients are recorded."""
    for outer in path_to(draft.tree, node):
        items = outer.items if isinstance(outer, ast.With) else []
        marks = [item.context_expr for item in items] + getattr(outer, "decorator_list", [])
        for mark in marks:
            called = mark.func if isinstance(mark, ast.Call) else mark
            if _WITHOUT_GRAD & set(draft.module.static(called)):
                return True
    return False


def _check_use(draft: Draft, use: ast.AST, user: ast.AST, outer: ast.AST, kind: Kind) -> None:
    cannot = f"nn.{kind.name} cannot do what the program does with it:"
    if isinstance(user, ast.Attribute) and user.attr not in kind.methods:
        raise NoRewrite(f"{cannot} it has no {user.attr}()")
    if isinstance(user, ast.Subscript) and user.value is use:
        if isinstance(user.ctx, ast.Del) and not kind.deletes:
            raise NoRewrite(f"{cannot} its items cannot be deleted")
        if isinstance(user.ctx, ast.Store) and isinstance(user.slice, ast.Slice):
            raise NoRewrite(f"{cannot} its slices cannot be assigned")
    if isinstance(user, ast.BinOp) and not (kind.adds and isinstance(user.op, ast.Add)):
        raise NoRewrite(f"{cannot} it is no operand of {_sign(user)}")
    if isinstance(user, ast.Assign | ast.AnnAssign) and use is not user.value:
        _check_store(draft, user)
    call = outer if isinstance(user, ast.keyword) else user
    if isinstance(call, ast.Call) and call.func is not use:
        _check_call(draft, call, kind)


def _sign(operation: ast.BinOp) -> str:
    return {ast.Add: "+", ast.Mult: "*"}.get(type(operation.op), "that operator")


def _check_call(draft: Draft, call: ast.Call, kind: Kind) -> None:
    name = ast.unparse(call.func)
    names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    if name == "type" or (name == "isinstance" and names & _TYPES):
        raise NoRewrite("the program asks whether it is a list or a dict")
    if kind.name == "ParameterList" and not _only_iterates(draft, call, name):
        raise NoRewrite(f"{name}() is given it, and may need a list")
    for meaning in draft.module.static(call.func):
        called = meaning.name if isinstance(meaning, Library) else ""
        if called.startswith("torch.") and not called.startswith(_ITERATING):
            raise NoRewrite(f"{name}() takes a list or a tuple, and no nn.{kind.name}")


def _only_iterates(draft: Draft, call: ast.Call, name: str) -> bool:
    """Whether it is known that what is called does nothing with a list but go through it."""
    if name in _GO_THROUGH or name.rpartition(".")[2] in _GO_THROUGH:
        return True
    meanings = draft.module.static(call.func)
    return any(isinstance(m, Library) and m.name.startswith("torch.") for m in meanings)


def _check_store(draft: Draft, other: ast.Assign | ast.AnnAssign) -> None:
    """Raise NoRewrite for a store that neither is the draft's nor is mended like it."""
    value = other.value
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return
    is_near = any(node is other for node in ast.walk(draft.function))
    if other is not draft.statement and not (is_near and isinstance(value, _DISPLAYS)):
        raise NoRewrite("the attribute is assigned again, in another place")


def _changes_later(draft: Draft, name: ast.Name) -> bool:
    """Whether something is put into a local after it was stored."""
    for node in ast.walk(draft.function):
        if not isinstance(node, ast.Name) or node.id != name.id or node.lineno <= name.lineno:
            continue
        user = path_to(draft.function, node)[-2]
        if isinstance(user, ast.Attribute) and user.attr in _CHANGES_A_LIST:
            return True
        if isinstance(user, ast.Subscript) and not isinstance(user.ctx, ast.Load):
            return True
        if isinstance(user, ast.AugAssign):
            return True
    return False


def check_keys(draft: Draft, event: ContainerHeld, kind: Kind) -> None:
    """Raise NoRewrite where the keys of a dict cannot be names of attributes."""
    counted = set(_counted(draft.function))
    for key in _keys(draft, event):
        if isinstance(key, ast.Constant):
            name = key.value
            if not isinstance(name, str) or not name or "." in name or name in TAKEN:
                raise NoRewrite(f"{name!r} cannot be a key of an nn.{kind.name}")
        elif isinstance(key, ast.Name) and (key.id in counted or _is_size(draft, key)):
            raise NoRewrite(
                f"the keys of an nn.{kind.name} are strings, and '{key.id}' may be a number"
            )


def _keys(draft: Draft, event: ContainerHeld) -> Iterator[ast.expr]:
    """The keys that the program shows: of the dict itself, and of items stored later."""
    container = draft.object(event.container)
    made = container.made if isinstance(container, Container) else None
    site = made.node if made is not None else None
    if isinstance(site, ast.Dict):
        yield from (key for key in site.keys if key is not None)
    elif isinstance(site, ast.DictComp):
        yield site.key
    elif isinstance(site, ast.Call):
        yield from (ast.Constant(keyword.arg) for keyword in site.keywords if keyword.arg)
    for _, user, use in uses(draft, event.name, event.frame.owner):
        if isinstance(user, ast.Subscript) and user.value is use:
            yield user.slice


def _is_size(draft: Draft, key: ast.Name) -> bool:
    """Whether a key is also given to what makes its item: ``d[n] = nn.Linear(n, n)``."""
    *_, holder, _ = path_to(draft.tree, key)
    if isinstance(holder, ast.Subscript):
        holder = path_to(draft.tree, holder)[-2]
    calls = (node for node in ast.walk(holder) if isinstance(node, ast.Call))
    return any(isinstance(a, ast.Name) and a.id == key.id for call in calls for a in call.args)


def _counted(function: ast.AST) -> Iterator[str]:
    """The names of loop variables that count."""
    for node in ast.walk(function):
        if not isinstance(node, ast.For | ast.comprehension) or not isinstance(node.iter, ast.Call):
            continue
        target: ast.expr = node.target
        called = ast.unparse(node.iter.func)
        if called == "enumerate" and isinstance(target, ast.Tuple):
            target = target.elts[0]
        if called in ("range", "enumerate") and isinstance(target, ast.Name):
            yield target.id
