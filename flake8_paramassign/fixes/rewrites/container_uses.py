"""How a program uses a container that it keeps on a Module, and whether another kind would do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flake8_paramassign.domain.objects import Container, Thing
from flake8_paramassign.domain.values import Constant, Library, Unknown, Value
from flake8_paramassign.fixes.rewrites.attribute_uses import is_without_grad, uses
from flake8_paramassign.fixes.rewrites.callers import mentions_of
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.project.classes import ProjectClass
from flake8_paramassign.semantics.events import ContainerHeld

_CHANGES_A_LIST = frozenset(["append", "extend", "insert", "remove", "pop", "clear", "update"])
_HOLDING_TARGETS = (ast.Tuple, ast.List, ast.Starred, ast.For, ast.withitem)
"""What an attribute is a target in, beside plain assignments."""
_DISPLAYS = (ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.DictComp)
_ITERATING = ("torch.nn.Module", "torch.nn.Parameter", "torch.optim.")
"""What of torch takes any iterable; its functions take lists and tuples only."""
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


@dataclass(frozen=True)
class Held:
    """A container that a Module keeps under a name, and that is to become another ``kind``."""

    draft: Draft
    event: ContainerHeld
    what: str
    """What is to be registered: Parameters, or Modules."""
    kind: Kind
    owner: ProjectClass | None
    """The class that stores it."""

    @cached_property
    def container(self) -> Container:
        """As it is now."""
        container = self.draft.object(self.event.container)
        assert isinstance(container, Container)
        return container

    @property
    def has_no_order(self) -> bool:
        """Whether it is a set."""
        return self.container.kind == "set"

    @property
    def holds_containers(self) -> bool:
        """Whether it holds others, in which nothing would be registered."""
        items = map(self.draft.object, self.container.items())
        return any(isinstance(item, Container) for item in items)

    @property
    def holds_others(self) -> bool:
        """Whether it holds what the new kind does not take."""
        return not all(map(self._fits, self.event.contents))

    def _fits(self, value: Value) -> bool:
        known, tensor = self.draft.object(value), self.draft.tensor(value)
        is_unknown = isinstance(known, Thing) and known.is_module is None
        if isinstance(value, Unknown) or is_unknown:
            return True
        if self.what == "Parameters":
            return tensor is not None and tensor.is_parameter
        return value == Constant(None) or (isinstance(known, Thing) and bool(known.is_module))

    @property
    def lacks(self) -> str:
        """What the program does with it that the new kind cannot do; empty if nothing."""
        for outer, user, use in self._uses:
            is_item = isinstance(user, ast.Subscript) and isinstance(user.ctx, ast.Store)
            if is_item and not self._takes(getattr(outer, "value", None)):
                return "it is given what is no Module or Parameter"
            if isinstance(user, ast.Attribute) and user.attr not in self.kind.methods:
                return f"nn.{self.kind.name} has no {user.attr}()"
            if isinstance(user, ast.Subscript) and user.value is use:
                if isinstance(user.ctx, ast.Del) and not self.kind.deletes:
                    return "its items cannot be deleted"
                if isinstance(user.ctx, ast.Store) and isinstance(user.slice, ast.Slice):
                    return "its slices cannot be assigned"
            adds = isinstance(user, ast.BinOp) and self.kind.adds and isinstance(user.op, ast.Add)
            if isinstance(user, ast.BinOp) and not adds:
                return f"it is no operand of {_sign(user)}"
        return ""

    def _takes(self, item: ast.expr | None) -> bool:
        """Whether the new kind keeps an item as it is: of a tensor it makes a Parameter."""
        if self.what == "Parameters":
            return isinstance(item, ast.Call) and ast.unparse(item.func).endswith("Parameter")
        return not isinstance(item, ast.Constant)

    @property
    def is_asked_what_it_is(self) -> bool:
        """Whether the program asks for its type."""
        return any(name == "type" or asks for _, name, asks in self._calls)

    @property
    def is_needed_as_it_is(self) -> str:
        """What is given it, and may need a list or a tuple; empty if nothing."""
        for call, name, _ in self._calls:
            if self.kind.name == "ParameterList" and not _only_iterates(self.draft, call, name):
                return f"{name}()"
            for meaning in self.draft.module.static(call.func):
                called = meaning.name if isinstance(meaning, Library) else ""
                if called.startswith("torch.") and not called.startswith(_ITERATING):
                    return f"{name}()"
        return ""

    @property
    def is_assigned_again(self) -> bool:
        """Whether another place, which is not mended like this one, stores another container."""
        for _, user, use in self._uses:
            is_target = isinstance(getattr(use, "ctx", None), ast.Store)
            if is_target and use is not self.event.node and isinstance(user, _HOLDING_TARGETS):
                return True
            if not isinstance(user, ast.Assign | ast.AnnAssign) or use is user.value:
                continue
            value = user.value
            if value is None or (isinstance(value, ast.Constant) and value.value is None):
                continue
            is_near = any(node is user for node in ast.walk(self.draft.function))
            is_mended_alike = is_near and isinstance(value, _DISPLAYS)
            if user is not self.draft.statement and not is_mended_alike:
                return True
        return False

    @property
    def is_used_in_other_files(self) -> bool:
        """Whether the store is in another file, and files use it that are looked at for neither."""
        if not self.draft.is_elsewhere:
            return False
        name, known = self.event.name, (self.draft.module, self.event.frame.module)
        return not isinstance(name, str) or any(
            module is None
            or (module not in known and mentions_of(name, module.tree, storing=False))
            for module in self.draft.case.facts.project.files_naming(name)
        )

    @property
    def is_without_grad(self) -> bool:
        """Whether it is used where no gradients are recorded, and nowhere else."""
        reads = [u for *_, u in self._uses if isinstance(getattr(u, "ctx", None), ast.Load)]
        return bool(reads) and all(is_without_grad(self.draft.module, read) for read in reads)

    @property
    def has_other_keys(self) -> str:
        """A key of the dict that the new kind does not take; empty if there is none."""
        if self.container.kind != "dict":
            return ""
        counted = set(_counted(self.draft.function))
        for key in _keys(self.draft, self.event, self.owner):
            if isinstance(key, ast.Constant):
                name = key.value
                if not isinstance(name, str) or not name or "." in name or name in TAKEN:
                    return f"{name!r}"
            elif isinstance(key, ast.Name) and (key.id in counted or _is_size(self.draft, key)):
                return f"'{key.id}' may be a number"
        return ""

    @cached_property
    def _uses(self) -> list[list[ast.AST]]:
        return list(uses(self.draft.module, self.event.name, self.owner))

    @cached_property
    def _calls(self) -> list[tuple[ast.Call, str, bool]]:
        """Who is given it: the call, its name, and whether that asks for a list or a dict."""
        calls = []
        for outer, user, use in self._uses:
            call = outer if isinstance(user, ast.keyword) else user
            if isinstance(call, ast.Call) and call.func is not use:
                name = ast.unparse(call.func)
                names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
                calls.append((call, name, name == "isinstance" and bool(names & _TYPES)))
        return calls


def changes_later(draft: Draft, stored: ast.expr) -> bool:
    """Whether something is put into what is ``stored``, which a local has, after that."""
    for node in ast.walk(draft.function):
        is_it = isinstance(node, ast.Name) and node.id == getattr(stored, "id", None)
        if not is_it or node.lineno <= stored.lineno:  # type: ignore[attr-defined]
            continue
        user = path_to(draft.function, node)[-2]
        if isinstance(user, ast.Attribute) and user.attr in _CHANGES_A_LIST:
            return True
        if isinstance(user, ast.Subscript) and not isinstance(user.ctx, ast.Load):
            return True
        if isinstance(user, ast.AugAssign):
            return True
    return False


def _sign(operation: ast.BinOp) -> str:
    return {ast.Add: "+", ast.Mult: "*"}.get(type(operation.op), "that operator")


def _only_iterates(draft: Draft, call: ast.Call, name: str) -> bool:
    """Whether it is known that what is called does nothing with a list but go through it."""
    if name in _GO_THROUGH or name.rpartition(".")[2] in _GO_THROUGH:
        return True
    meanings = draft.module.static(call.func)
    return any(isinstance(m, Library) and m.name.startswith("torch.") for m in meanings)


def _keys(draft: Draft, event: ContainerHeld, owner: ProjectClass | None) -> Iterator[ast.expr]:
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
    for _, user, use in uses(draft.module, event.name, owner):
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
