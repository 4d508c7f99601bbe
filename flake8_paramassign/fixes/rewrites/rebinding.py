"""What is known of a statement that gives a Parameter other data."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import Shape, Thing
from flake8_paramassign.domain.values import UNKNOWN, Address, Library, Values
from flake8_paramassign.facts.aliasing import shares_storage_with
from flake8_paramassign.facts.uses import made_at
from flake8_paramassign.fixes.rewrites.attribute_uses import uses
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.evidence import last_result, surely_differ
from flake8_paramassign.fixes.rewrites.passes import assigned
from flake8_paramassign.fixes.rewrites.places import path_to
from flake8_paramassign.fixes.rewrites.purity import calls_torch
from flake8_paramassign.semantics.events import DataStored
from flake8_paramassign.semantics.frames import Role, is_constructing
from flake8_paramassign.semantics.models.shapes import is_elementwise

_SIZE = re.compile(r"(in|out|num)_(features|channels|embeddings)|embedding_dim|groups")
"""The attributes of torch's Modules that tell how large their Parameters are."""

_GIVES_FORM = frozenset(["to", "cuda", "half", "double", "bfloat16", "type"])
"""Methods that give a Module another dtype or device."""

_KEEPS = (
    ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return, ast.Yield, ast.IfExp,
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
"""What gives another name to a value that stands in it as it is."""


@dataclass(frozen=True)
class Rebound:
    """``owner.data = value``."""

    draft: Draft
    event: DataStored
    owner: ast.expr
    value: ast.expr

    @property
    def is_in_a_step(self) -> bool:
        """Whether it runs with each forward pass."""
        return self.event.frame.role is Role.STEP

    @property
    def has_other_shape(self) -> bool:
        """Whether the value surely has not the Parameter's shape."""
        held, given = self._shapes(self.event.receivers), self._shapes(self.event.values)
        return any(
            surely_differ(a, b) for a in held for b in given if a is not None and b is not None
        )

    @property
    def is_expanded(self) -> bool:
        """Whether several elements of the Parameter share memory."""
        held = map(self.draft.tensor, self.event.receivers)
        return any(tensor is not None and tensor.is_expanded for tensor in held)

    @property
    def is_freed(self) -> bool:
        """Whether the value is so small that it is there for its size."""
        held, given = self._shapes(self.event.receivers), self._shapes(self.event.values)
        return held != given and any(shape is not None and _is_small(shape) for shape in given)

    @property
    def is_own_in_other_form(self) -> bool:
        """Whether the value has been computed from the Parameter, and differs in more than values.

        ``w.data.half()``, ``w.data[rows]`` and ``w.data.clone()`` are there for something else.
        """
        spelled = ast.unparse(self.owner)
        parts = (n for n in ast.walk(self.value) if isinstance(n, type(self.owner)))
        if not any(ast.unparse(part) == spelled for part in parts):
            return False
        called = self.value.func if isinstance(self.value, ast.Call) else None
        name = getattr(called, "attr", getattr(called, "id", ""))
        if last_result(self.value, self.draft.module) is not Result.NEW or name == "clone":
            return True
        held, given = self._shapes(self.event.receivers), self._shapes(self.event.values)
        same_shape = held == given and None not in held
        return not (same_shape or called is None or is_elementwise(name))

    @property
    def is_kept(self) -> bool:
        """Whether ``w.data`` itself is stored somewhere, or handed to who may keep it."""
        spelled = ast.unparse(self.event.node)
        for outer, user, use in uses(self.draft.module, "data", None):
            if use is self.event.node or ast.unparse(use) != spelled:
                continue
            call = outer if isinstance(user, ast.keyword) else user
            if isinstance(call, ast.Call) and not calls_torch(call, self.draft.module):
                return True
            if isinstance(user, _KEEPS) and getattr(user, "value", use) is use:
                return True
        return False

    @property
    def is_resized(self) -> bool:
        """Whether the function also stores the sizes of the Module whose ``weight`` it is."""
        module = ast.unparse(self.owner.value) if isinstance(self.owner, ast.Attribute) else None
        return any(
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and _SIZE.fullmatch(node.attr) is not None
            and ast.unparse(node.value) == module
            for node in ast.walk(self.draft.function)
        )

    @property
    def may_be_shared(self) -> bool:
        """Whether the value is, or may be meant to be, the storage of another Parameter."""
        return self._makes_a_tie() or self._shares_with_another()

    def _makes_a_tie(self) -> bool:
        """Whether a Module that is made here takes the very storage of another's Parameter.

        ``linear.weight.data = embedding.weight.data`` makes an output layer of an embedding, of
        which it may have the shape only then.
        """
        called = self.value.func if isinstance(self.value, ast.Call) else None
        is_detach = isinstance(called, ast.Attribute) and called.attr == "detach"
        storage = called if is_detach else self.value
        if not isinstance(storage, ast.Attribute) or _calls(storage):
            return False
        return bool(self._makers())

    def _holders(self) -> list[Address]:
        """The Modules that have the Parameter."""
        return [
            address
            for address, obj in self.event.state.objects()
            if isinstance(obj, Thing)
            and any(set(self.event.receivers) & set(held.values) for _, held in obj.held())
        ]

    def _makers(self) -> list[ast.Call]:
        """The calls in this function that make a Module which has the Parameter."""
        function = self.draft.function
        sites = (holder.site for holder in self._holders())
        return [m for m in sites if isinstance(m, ast.Call) and path_to(function, m)]

    @property
    def takes_form_of_another(self) -> bool:
        """Whether a Module that is made here takes dtype and device of a tensor that is not."""
        frame = self.event.frame
        is_made = any(is_constructing(frame, holder) for holder in self._holders())
        is_made = is_made or not all(map(self._is_given_form, self._makers()))
        return is_made and self._made(self.value, frozenset()) is False

    def _is_given_form(self, maker: ast.Call) -> bool:
        """Whether a Module is made with a dtype or device, or moved as it is made."""
        given = {keyword.arg for keyword in maker.keywords} & {"device", "dtype"}
        around = path_to(self.draft.function, maker)
        return bool(given) or any(getattr(n, "attr", "") in _GIVES_FORM for n in around)

    def _made(self, node: ast.AST, seen: frozenset[str]) -> bool | None:
        """Whether a tensor is made in this function; None where none is, or it is not known."""
        parts = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Subscript):
            parts = [node.value]  # by whatever it is indexed
        if isinstance(node, ast.Call):
            names = [m.name for m in self.draft.module.static(node.func) if isinstance(m, Library)]
            if any(catalogue.creates_leaf(n) and not n.endswith("_like") for n in names):
                return True
            is_method = isinstance(node.func, ast.Attribute) and not names
            owner = [node.func.value] if is_method else []  # type: ignore[attr-defined]
            parts = [*owner, *node.args, *node.keywords]
        if isinstance(node, ast.Attribute) and node.attr not in ("T", "data"):
            is_own = ast.unparse(node) == ast.unparse(self.owner)
            return None if is_own or self.draft.module.static(node) != UNKNOWN else False
        if isinstance(node, ast.Name):
            if node.id in seen or self.draft.module.static(node) != UNKNOWN:
                return None
            parts = list(assigned(self.draft.function, node.id))
            seen |= {node.id}
            if not parts:
                return False
        made = {self._made(part, seen) for part in parts}
        return True if True in made else False if False in made else None

    def _shares_with_another(self) -> bool:
        """Whether the value is the storage of another Parameter, or a view of that."""
        facts, state = self.draft.case.facts, self.event.state
        here = set(ast.walk(self.draft.statement))
        owners = {shares_storage_with(value, state, facts) for value in self.event.values}
        return any(
            made_at(owner, state, facts) not in here
            for owner in owners - {None, *self.event.receivers}
        )

    def _shapes(self, values: Values) -> set[Shape | None]:
        return {t.shape for _, t in self.draft.case.facts.tensors(values, self.event.state)}


def _calls(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def _is_small(shape: tuple[object, ...]) -> bool:
    """Whether a tensor holds one element, or none."""
    return all(size == 1 for size in shape) or 0 in shape
