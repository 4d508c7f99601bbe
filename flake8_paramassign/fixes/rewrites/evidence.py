"""What is known of an attribute that is written to, and of the value."""

from __future__ import annotations

import ast
from collections.abc import Collection

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import Result
from flake8_paramassign.domain.objects import ANY, PARAMETER, Shape, Tensor, Thing
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import NONE, Address, Constant, Library, Value
from flake8_paramassign.facts.registration import is_registered
from flake8_paramassign.fixes.rewrites.catching import may_be_caught
from flake8_paramassign.fixes.rewrites.draft import Draft
from flake8_paramassign.fixes.rewrites.mentions import is_before_any_pass
from flake8_paramassign.fixes.rewrites.passes import is_between_passes
from flake8_paramassign.fixes.rewrites.purity import is_pure
from flake8_paramassign.project.classes import ProjectClass, TorchClass
from flake8_paramassign.project.module import Module
from flake8_paramassign.semantics.events import AttributeStored, ParameterReplaced
from flake8_paramassign.semantics.models.shapes import is_elementwise

_CHANGES_DEFAULTS = frozenset(
    """inference_mode init_empty_weights meta mkldnn set_default_device set_default_dtype
    set_default_tensor_type skip_init sparse_compressed_tensor sparse_coo_tensor sparse_csr_tensor
    to_mkldnn to_sparse to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr
    """.split()
)
"""Names by which a file gives tensors that are made alike another dtype, device or layout."""


class Evidence:
    """What is known of a store over a Parameter's name."""

    def __init__(
        self, draft: Draft, event: AttributeStored | ParameterReplaced, value: Value
    ) -> None:
        """``value`` is what the finding is about, one of those that may be stored."""
        self.draft = draft
        self.event = event
        self.value = value
        self.tensor = draft.tensor(value)
        """The value, if it is a tensor."""
        self.held = event.before.values

    @property
    def holds_none(self) -> bool:
        """Whether the slot is empty, as that of ``bias=False`` is."""
        return self.held == NONE and len(self.draft.case.receivers) == 1

    @property
    def may_hold_none(self) -> bool:
        """Whether the slot of an object that is made in sight is empty on some way to the store."""
        receiver = self.event.receiver
        is_made = not receiver.symbolic and receiver is not self.event.frame.receiver
        return self.holds_none or (Constant(None) in self.held and is_made)

    @property
    def is_lazy(self) -> bool:
        """Whether the Parameter is only made when the Module is first called."""
        thing = self.draft.case.facts.thing(self.event.receiver, self.event.state)
        cls = thing.cls if thing is not None else None
        return isinstance(cls, TorchClass) and cls.entry.lazy

    @property
    def may_store_none(self) -> bool:
        """Whether one of the values is None."""
        return Constant(None) in self.event.values

    @property
    def is_own(self) -> bool:
        """Whether the value is computed from the Parameter itself."""
        return (
            self.tensor is not None
            and self.tensor.origin is not None
            and self.tensor.origin in self.held
        )

    @property
    def carries_a_gradient(self) -> bool:
        """Whether another tensor that is trained would get its gradient through the value."""
        tensor = self.tensor
        if tensor is None or tensor.is_conversion:
            return False
        if self.is_own:
            read = self.draft.read_in(self._expression) if self._expression is not None else []
            others = (
                known
                for value, known in read
                if value not in self.held and known.origin not in self.held
            )
            return not tensor.is_detached and any(known.trainable is True for known in others)
        return tensor.trainable is True and not tensor.is_leaf and not tensor.is_conversion

    @property
    def is_expanded(self) -> bool:
        """Whether several elements of the value share memory, which no optimizer can write."""
        return self.tensor is not None and self.tensor.is_expanded

    @property
    def may_share_unseen(self) -> bool:
        """Whether it is made of the Parameter by what is no tensor, such as an array."""
        if self._expression is None or self.tensor is None or self.tensor.origin in self.held:
            return False
        return any(value in self.held for value, _ in self.draft.read_in(self._expression))

    @property
    def may_have_other_form(self) -> bool:
        """Whether it is made of the Parameter by what need not keep the shape."""
        tensor, node = self.tensor, self._expression
        if tensor is None or not self.is_own or tensor.shape is not None:
            return False
        name = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
        return bool(name) and not is_elementwise(name)

    @property
    def has_other_shape(self) -> bool:
        """Whether the value surely has not the Parameter's shape."""
        return any(
            surely_differ(held, value)
            for held in self._held_shapes()
            for value in self._value_shapes()
            if held is not None and value is not None
        )

    @property
    def has_same_shape(self) -> bool:
        """Whether the value surely has the Parameter's shape."""
        shapes = self._held_shapes()
        return len(shapes) == 1 and None not in shapes and shapes == self._value_shapes()

    def _held_shapes(self) -> set[Shape | None]:
        if len(self.draft.case.receivers) > 1:
            return {None}
        return {self.draft.shape(value) for value in self.held}

    def _value_shapes(self) -> set[Shape | None]:
        return {self.draft.shape(value) for value in self.event.values}

    @property
    def has_other_dtype(self) -> bool:
        """Whether the value was given a dtype that the Parameter, which is known, has not."""
        tensor = self.tensor
        if tensor is None or tensor.dtype is None or tensor.integer or not self.is_of_known_class:
            return False
        held = self._held_tensors
        return all(old is not None and old.dtype not in (None, tensor.dtype) for old in held)

    @property
    def _held_tensors(self) -> list[Tensor | None]:
        return [self.draft.tensor(value) for value in self.held]

    @property
    def holds_expanded(self) -> bool:
        """Whether several elements of the Parameter share memory, which copy_() refuses."""
        return any(old is not None and old.is_expanded for old in self._held_tensors)

    @property
    def is_frozen(self) -> bool:
        """Whether the Parameter surely is not trained."""
        held = self._held_tensors
        return bool(held) and all(old is not None and old.trainable is False for old in held)

    @property
    def is_own_storage(self) -> bool:
        """Whether the value is the Parameter's storage itself, seen otherwise."""
        return self.is_own and self.tensor is not None and self.tensor.base is not None

    @property
    def is_own_without_gradient(self) -> bool:
        """``m.w = m.w.detach()``."""
        return self.is_own and self.tensor is not None and self.tensor.through_data

    @property
    def _expression(self) -> ast.expr | None:
        """What is written as the value; that of ``m.w @= t`` is one of its factors."""
        statement = self.draft.statement
        return statement.value if isinstance(statement, ast.AugAssign) else self.event.expression

    @property
    def is_no_tensor(self) -> bool:
        """Whether the value is an object that has attributes and is no tensor."""
        return isinstance(self.draft.object(self.value), Thing)

    @property
    def is_sound_for_others(self) -> bool:
        """Whether other code comes to the same store with what the slot takes as it is."""
        name = self.event.name
        return name is not None and any(
            store.node is self.event.node and store.is_sound
            for store in self.draft.case.facts.stored(name)
        )

    @property
    def may_be_filled(self) -> bool:
        """Whether there is a Parameter that can be written into, as far as is known."""
        is_stock = self.event.before.slot == ANY and catalogue.is_stock_slot(str(self.event.name))
        return self.event.before.slot == PARAMETER or is_stock

    @property
    def is_kept(self) -> bool:
        """Whether a variable, or another object, has the Parameter that is to be written into."""
        state, own = self.event.state, self.event.receiver
        held = [value for value in self.held if isinstance(value, Address)]
        holders = [*state.names.values()]
        for address, obj in state.objects():
            if address != own and isinstance(obj, Thing):
                holders += obj.contents()
        return any(value in values for value in held for values in holders)

    @property
    def is_to_be_trained(self) -> bool:
        """Whether a Parameter that is trained takes the place of one that is frozen."""
        return self.is_frozen and self.tensor is not None and self.tensor.trainable is True

    # Of a store that is to write into the Parameter.

    @property
    def is_alike_for_all(self) -> bool:
        """Whether the finding is true of every object that is seen to come here."""
        case = self.draft.case
        events = (case.event, *(event for event, _ in case.others))
        ours = {getattr(event, "receiver", None) for event in events}
        stores = case.facts.stored(self.event.name) if self.event.name is not None else ()
        return all(store.receiver in ours for store in stores if store.node is self.event.node)

    @property
    def is_of_one_receiver(self) -> bool:
        """Whether it surely is this object that something is stored in."""
        is_sure = not isinstance(self.event, AttributeStored) or self.event.is_sure
        return is_sure and len(self.draft.case.receivers) == 1

    @property
    def is_all_of_statement(self) -> bool:
        """Whether the statement stores nothing else."""
        return not isinstance(self.draft.statement, ast.Assign) or (
            self.draft.statement.targets == [self.event.node]
        )

    @property
    def may_be_overwritten(self) -> bool:
        """Whether it is a part of a tensor, and the statement stores other things, too."""
        shares = self.tensor is not None and self.tensor.base is not None
        return shares and not self.is_all_of_statement

    @property
    def is_of_known_class(self) -> bool:
        """Whether the object's class is known and not only what it derives from."""
        receiver: Address = self.event.receiver
        thing = self.draft.case.facts.thing(receiver, self.event.state)
        return (
            thing is not None
            and isinstance(thing.cls, TorchClass | ProjectClass)
            and (not receiver.symbolic or receiver is self.event.frame.receiver)
            and not any(
                isinstance(node, ast.Attribute)
                and node.attr == "__setattr__"
                and isinstance(node.ctx, ast.Store)
                for node in ast.walk(self.draft.tree)
            )
        )

    @property
    def is_unexpected(self) -> bool:
        """Whether nothing around the store waits for the exception that it raises today."""
        return (
            not self.event.attempts
            and not self.event.expects_error
            and not may_be_caught(self.event, self.draft.module)
        )

    @property
    def is_surely_tensor(self) -> bool:
        """Whether all that may be stored here are tensors that are no Parameters."""
        given = [self.draft.tensor(value) for value in self.event.values]
        return all(tensor is not None and not tensor.is_parameter for tensor in given)

    @property
    def has_same_form(self) -> bool:
        """Whether the value surely has the Parameter's dtype, and is where that is."""
        given = [self.draft.tensor(value) for value in self.event.values]
        return not _CHANGES_DEFAULTS & self.draft.module.words and all(
            old is not None
            and new is not None
            and (old.device, old.dtype) == (new.device, new.dtype)
            for old in self._held_tensors
            for new in given
        )

    @property
    def is_without_gradient(self) -> bool:
        """Whether nobody gets a gradient through the value."""
        return self.tensor is not None and (self.is_own or self.tensor.trainable is False)

    @property
    def has_own_storage(self) -> bool:
        """Whether the value is part of no other tensor, and surely not of the Parameter."""
        return (
            self.tensor is not None
            and self.tensor.base is None
            and not self.tensor.is_conversion
            and not self._is_used_again()
        )

    def _is_used_again(self) -> bool:
        """Whether what else has the value may change it, or train it, afterwards."""
        state = self.event.state
        if any(self.value in held for _, obj in state.objects() for held in obj.contents()):
            return True
        return self._is_named_afterwards([self.value])

    def _is_named_afterwards(self, wanted: Collection[Value]) -> bool:
        """Whether a variable that has one of the values is used after the statement."""
        draft = self.draft
        named = self.event.state.names.items()
        names = {name for name, values in named if not set(wanted).isdisjoint(values)}
        around = (node for node in draft.path if isinstance(node, ast.For | ast.While))
        again = {node for loop in around for node in ast.walk(loop)}
        end = draft.statement.end_lineno or 0
        return any(
            isinstance(node, ast.Name) and node.id in names and (node.lineno > end or node in again)
            for node in ast.walk(draft.function)
        )

    @property
    def is_seen_afterwards(self) -> bool:
        """Whether a variable that is used after the statement has the Parameter's storage."""
        held = set(self.held)
        values = {value for values in self.event.state.names.values() for value in values}
        views = [v for v in values if (t := self.draft.tensor(v)) is not None and t.base in held]
        return self._is_named_afterwards(views)

    @property
    def is_tied(self) -> bool:
        """Whether the Parameter is registered under another name as well."""
        state, own = self.event.state, (self.event.receiver, self.event.name or "")
        addresses = [value for value in self.held if isinstance(value, Address)]
        return any(is_registered(address, state, but=own) for address in addresses)

    @property
    def is_surely_untied(self) -> bool:
        """Whether nothing that is known has the Parameter, or what it was made of."""
        return not self.is_tied and all(
            tensor is not None
            and not tensor.escaped
            and (tensor.base is None or not _is_held(tensor.base, self.event.state))
            for tensor in self._held_tensors
        )

    @property
    def is_evaluated_in_any_order(self) -> bool:
        """Whether neither the value nor what is stored into does more than give a value."""
        node, value = self.event.node, self._expression
        parts: list[ast.AST] = [node]
        if isinstance(node, ast.AugAssign):
            parts = [node.target]
        elif isinstance(node, ast.Call):
            owner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
            parts = [owner, *node.args]
        return value is not None and all(
            is_pure(part, self.draft.module) for part in (*parts, value)
        )

    @property
    def is_before_a_backward(self) -> bool:
        """Whether gradients are due of a forward pass that has run."""
        return is_between_passes(self.event)

    @property
    def is_after_no_forward(self) -> bool:
        """Whether no forward pass of the Module can have run, of which a backward pass is due."""
        return is_before_any_pass(self.draft, self.event, self.event.node, self.held)


def _is_held(address: Address, state: State) -> bool:
    """Whether a variable or an object has ``address``."""
    if any(address in values for values in state.names.values()):
        return True
    return any(address in values for _, obj in state.objects() for values in obj.contents())


def last_result(node: ast.expr | None, module: Module) -> Result | None:
    """Return what the outermost operation of an expression in ``module`` gives."""
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare):
        return Result.NEW
    if isinstance(node, ast.Subscript):
        return Result.VIEW
    if isinstance(node, ast.Attribute):
        return catalogue.attribute(node.attr)
    if not isinstance(node, ast.Call):
        return None
    for meaning in module.static(node.func):
        if isinstance(meaning, Library):
            return catalogue.function(meaning.name)
    return catalogue.method(node.func.attr) if isinstance(node.func, ast.Attribute) else None


def surely_differ(first: Shape, second: Shape) -> bool:
    """Return whether two shapes are not the same, whatever is not known of them."""
    if len(first) != len(second):
        # One object may stand for all sizes.
        return all(isinstance(size, int) for size in (*first, *second))
    pairs = zip(first, second, strict=True)
    return any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs)
