"""On what terms each rewrite is made: one table, which ``docs/fixes.md`` shows.

A rewrite is *refused* where the answer to one of its first questions is yes, as what it makes would
be wrong. It is *safe* where the answer to each of the others is yes, and else unsafe: the fix says
what is not proved. Some are never safe, and say why. Besides, a rewrite is refused where the
statement leaves no room for it; what is in the way then is the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flake8_paramassign.fixes.rewrites.attribute_uses import Attribute
from flake8_paramassign.fixes.rewrites.evidence import Evidence
from flake8_paramassign.fixes.rewrites.moves import Moved
from flake8_paramassign.fixes.rewrites.reasons import NoRewrite
from flake8_paramassign.fixes.rewrites.rebinding import Rebound
from flake8_paramassign.fixes.rewrites.writes import ItemWrite, Rebinding, Write

T = TypeVar("T")

BROADCASTS = "copy_() broadcasts and casts silently, and raises where the shape does not fit"
AFTERWARDS = "make it before the optimizer is built, or the Module wrapped"
BETWEEN_PASSES = "it would be written between a forward pass and its backward pass"
NEEDS_STRICT = "then is registered, a key of state_dict(): older checkpoints need strict=False"
ALL_NEED_STRICT = "then are registered, keys of state_dict(): older checkpoints need strict=False"


@dataclass(frozen=True)
class Question(Generic[T]):
    """What is asked of a program before it is rewritten."""

    says: str
    """Of a refusal, the reason that a user is told; of a proof, what is proved."""
    holds: Callable[[T], bool]


@dataclass(frozen=True)
class Terms(Generic[T]):
    """When one rewrite is made, and when it is safe."""

    code: str
    rewrite: str
    """What becomes what."""
    refused: tuple[Question[T], ...] = ()
    proved: tuple[Question[T], ...] = ()
    unsafe: str = ""
    """What may change, which a person has to look at; where it is never safe."""

    def check(self, subjects: Sequence[T]) -> None:
        """Raise NoRewrite where one of ``subjects``, which the rewrite would change, forbids it."""
        for question in self.refused:
            if any(map(question.holds, subjects)):
                raise NoRewrite(question.says)

    def unproved(self, subjects: Sequence[T]) -> list[str]:
        """What is not proved of all ``subjects``; nothing where the rewrite is safe."""
        return [q.says for q in self.proved if not all(map(q.holds, subjects))]


NOTHING_FITS: tuple[Question[Evidence], ...] = (
    Question(
        "a Module is no value for a Parameter: give the attribute another name",
        lambda e: e.is_no_tensor,
    ),
    Question(
        "a lazy Module makes its Parameters at the first call: write to them later",
        lambda e: e.is_lazy,
    ),
    Question(
        "other code comes here with what may be stored as it is: change what stores the tensor",
        lambda e: e.is_sound_for_others,
    ),
    Question(
        "a gradient would have to flow through the value: compute it in forward, or call "
        "the Module by torch.func.functional_call",
        lambda e: e.carries_a_gradient,
    ),
    Question(
        "elements of the value share memory: clone() it, and make a Parameter of it",
        lambda e: e.is_expanded,
    ),
    Question(
        "the value may be the Parameter's own storage, and change while it is read",
        lambda e: e.may_share_unseen,
    ),
    Question(
        "nothing changes but the gradient: requires_grad_(False) freezes it",
        lambda e: e.is_own_without_gradient,
    ),
)

FILLED = Terms[Evidence](
    "PRM101",
    "`m.w = t` becomes `m.w.data.copy_(t)`",
    refused=(
        *NOTHING_FITS,
        Question(
            "the Parameter is tied to another name, which would change as well: "
            "say which of the two is meant",
            lambda e: e.is_tied,
        ),
        Question(BETWEEN_PASSES, lambda e: e.is_before_a_backward),
    ),
    proved=(
        Question("that it surely is this object", lambda e: e.is_of_one_receiver),
        Question("that all who come here store the like", lambda e: e.is_alike_for_all),
        Question("that the statement stores nothing else", lambda e: e.is_all_of_statement),
        Question("of which class the object is", lambda e: e.is_of_known_class),
        Question("that nobody expects the TypeError", lambda e: e.is_unexpected),
        Question("that every value is a tensor", lambda e: e.is_surely_tensor),
        Question(f"that the shapes are the same ({BROADCASTS})", lambda e: e.has_same_shape),
        Question("that dtype and device are the same", lambda e: e.has_same_form),
        Question("that no gradient flows through the value", lambda e: e.is_without_gradient),
        Question("that the value has storage of its own", lambda e: e.has_own_storage),
        Question("that nothing else is tied to the Parameter", lambda e: e.is_surely_untied),
        Question(
            "that what is evaluated has no other effects", lambda e: e.is_evaluated_in_any_order
        ),
        Question(
            "that no backward pass of an earlier forward pass follows",
            lambda e: e.is_after_no_forward,
        ),
    ),
)

REPLACED = Terms[Evidence](
    "PRM101",
    "`m.w = t` becomes `m.w = nn.Parameter(t)`",
    refused=NOTHING_FITS,
    unsafe="no optimizer, tie or hook of the old Parameter knows the new one",
)

MOVED_ONTO_SLOT = Terms[Moved](
    "PRM101",
    "`m.w = nn.Parameter(t).to(d)` becomes `m.w = nn.Parameter(t.to(d))`",
    refused=(
        Question(
            "what makes the Parameter is called by others, too: do it where it is stored",
            lambda m: m.is_shared_helper,
        ),
    ),
    unsafe=REPLACED.unsafe,
)

MOVED_INSIDE = Terms[Moved](
    "PRM102",
    "`m.w = nn.Parameter(t).to(d)` becomes `m.w = nn.Parameter(t.to(d))`",
    refused=(
        Question(
            "the class has an attribute of that name, beside which none registers",
            lambda m: m.is_of_the_class,
        ),
        Question(
            "elements of the value share memory, which no optimizer can write: clone()",
            lambda m: m.is_expanded,
        ),
        *MOVED_ONTO_SLOT.refused,
        Question(
            "another Parameter would no longer get its gradient: compute it in forward",
            lambda m: m.cuts_a_gradient,
        ),
        Question(
            "it would be trained on the storage of another Parameter: clone() it, or tie the two",
            lambda m: m.shares_with_a_parameter,
        ),
    ),
    proved=(
        Question("that the operation keeps every value", lambda m: m.keeps_values),
        Question("that the result is floating point", lambda m: m.is_floating),
        Question("that nothing else has its storage", lambda m: m.has_own_storage),
        Question("that nothing writes it in place", lambda m: not m.is_written),
        Question(
            "that nothing is done with all Parameters but to train, save and move them",
            lambda m: not m.is_listed,
        ),
        Question("that nothing but the attribute gets it", lambda m: m.is_stored_at_once),
        Question("that nothing else is stored in it", lambda m: not m.is_stored_elsewhere),
    ),
)

MADE_A_PARAMETER = Terms[Attribute](
    "PRM103",
    "`m.w = torch.randn(3, requires_grad=True)` becomes `m.w = nn.Parameter(torch.randn(3))`",
    refused=(
        MOVED_INSIDE.refused[0],  # type: ignore[arg-type]  # asked of any attribute
    ),
    unsafe="nothing but another Parameter can be assigned to it afterwards",
)

COPIED_INTO = Terms[Evidence](
    "PRM303",
    "`m.w = nn.Parameter(t)` becomes `m.w.data.copy_(t)`",
    refused=(
        Question(
            f"there may be no Parameter to write into: {AFTERWARDS}",
            lambda e: not e.may_be_filled,
        ),
        Question(f"the slot is empty: {AFTERWARDS}", lambda e: e.holds_none),
        Question(f"the new Parameter has another shape: {AFTERWARDS}", lambda e: e.has_other_shape),
        Question(
            "the old Parameter is kept elsewhere, and would change as well", lambda e: e.is_kept
        ),
        Question(
            f"the old Parameter is frozen, and the new one is not: {AFTERWARDS}",
            lambda e: e.is_to_be_trained,
        ),
    ),
    unsafe=BROADCASTS,
)

DATA_COPIED = Terms[Rebound](
    "PRM901",
    "`w.data = t` becomes `w.data.copy_(t)`",
    refused=(
        Question("in a step, a copy may change what the graph has kept", lambda r: r.is_in_a_step),
        Question(
            "the value has another shape: assign a new Parameter, before an optimizer",
            lambda r: r.has_other_shape,
        ),
        Question("so small a value stands for none: its memory is freed", lambda r: r.is_freed),
        Question(
            "it has its own values in another form, which copy_() would not give it",
            lambda r: r.is_own_in_other_form,
        ),
        Question(
            "the storage is kept under another name, and a copy would overwrite it",
            lambda r: r.is_kept,
        ),
        Question(
            "the Module is given another size, which copy_() would not give the weight",
            lambda r: r.is_resized,
        ),
        Question("it may be meant to tie the two, or to copy", lambda r: r.may_be_shared),
    ),
    unsafe="it keeps its shape, dtype and device, to which copy_() broadcasts and casts silently; "
    "the storage of the value is no longer shared",
)

HELD_IN_A_MODULE: Terms[Any] = Terms(
    "PRM104, PRM105",
    "`m.ws = [...]` becomes `m.ws = nn.ParameterList([...])`, or another container of `torch.nn`",
    unsafe="it takes nothing else",
)

LEAF_MADE_LAST: Terms[Any] = Terms(
    "PRM106",
    "`torch.ones(3, requires_grad=True).to(d)` becomes `torch.ones(3).to(d).requires_grad_()`",
    unsafe="the result is what is trained, not what it is computed from",
)

KEPT_INTEGERS: Terms[Any] = Terms(
    "PRM108",
    "`nn.Parameter(torch.arange(3))` becomes `nn.Parameter(torch.arange(3), requires_grad=False)`",
    unsafe="make them floating point instead where they are to be trained",
)

MADE_A_LIST: Terms[Any] = Terms(
    "PRM109",
    "`params = m.parameters()` becomes `params = list(m.parameters())`",
    unsafe="what did nothing for want of Parameters is then done",
)

STEPPED = Terms[Rebinding](
    "PRM201",
    "`p = p - t` in a loop over Parameters becomes `p -= t` under `torch.no_grad()`",
    refused=(
        Question(
            "in a step, the graph may have kept what would be written: do it after the backward "
            "pass",
            lambda r: r.is_in_a_step,
        ),
        Question(BETWEEN_PASSES, lambda r: r.is_before_a_backward),
        Question(
            "the value is the Parameter's own storage: there is nothing to write into it",
            lambda r: r.is_nothing_new,
        ),
        Question("integers cannot hold what would be written", lambda r: r.is_of_integers),
    ),
    unsafe="the Parameter then changes; what is written is broadcast and cast to it, which raises "
    "RuntimeError if it is expanded",
)

WRITTEN_THROUGH = Terms[ItemWrite](
    "PRM202",
    "`m.state_dict()[k] = t` becomes `m.state_dict()[k].copy_(t)`",
    refused=(
        Question(
            "the value is the Parameter's own storage: there is nothing to write into it",
            lambda i: i.is_own_storage,
        ),
        Question(
            "the value has another shape: assign a new Parameter to the attribute",
            lambda i: i.has_other_shape,
        ),
        Question(
            "the Module computes a weight of its Parameters: say by its name which is meant",
            lambda i: i.is_of_recomputed,
        ),
        Question(
            "the name is that of no Parameter or buffer: state_dict() has no such key",
            lambda i: i.is_unregistered,
        ),
    ),
    unsafe=f"the Parameter then changes; {BROADCASTS}",
)

FROZEN = Terms[Attribute](
    "PRM203",
    "`m.requires_grad = False` becomes `m.requires_grad_(False)`",
    refused=(Question("the attribute is read in another place", lambda a: a.is_read),),
    unsafe="what is trained changes",
)

DONE_WITHOUT_GRAD = Terms[Write](
    "PRM301",
    "`w[0] = t` is done under `torch.no_grad()`",
    refused=(
        Question(
            "a gradient would have to flow through what is written: compute it in a local, or "
            "call the Module by torch.func.functional_call",
            lambda w: w.carries_a_gradient,
        ),
        Question(BETWEEN_PASSES, lambda w: w.is_before_a_backward),
    ),
    unsafe="no gradient flows through the value that is written",
)

LOADED_IN_PLACE: Terms[Any] = Terms(
    "PRM303",
    "`m.load_state_dict(state, assign=True)` becomes `m.load_state_dict(state)`",
    unsafe="they keep their dtype, and have to have storage: those on the meta device have none",
)

KEPT_FROZEN: Terms[Any] = Terms(
    "PRM304",
    "`nn.Parameter(t)` becomes `nn.Parameter(t, requires_grad=False)`",
    unsafe="pass True instead where it is meant to train",
)

FLAG_ASKED: Terms[Any] = Terms(
    "PRM304",
    "`requires_grad=w.data.requires_grad` becomes `requires_grad=w.requires_grad`",
    unsafe="it then is trained where the old one was",
)

TIED_OR_COPIED: Terms[Any] = Terms(
    "PRM305",
    "`a.w.data = b.w.data` is shown as `a.w = b.w`, and never rewritten",
    unsafe="or copy the values by .data.copy_(...)",
)

INIT_GUARDED: Terms[Any] = Terms(
    "PRM306",
    "`w.data.normal_(std=s)` becomes `nn.init.normal_(w, std=s)`, or is guarded",
    unsafe="loaded weights then are kept",
)

WITHOUT_DATA: Terms[Any] = Terms(
    "PRM902",
    "`w.data.fill_(0)` becomes `w.fill_(0)` under `torch.no_grad()`",
    unsafe="a write between a forward and its backward pass then raises, where gradients were "
    "wrong",
)

REGISTERED_AS_BUFFER: Terms[Any] = Terms(
    "PRM903",
    '`m.mask = t` becomes `m.register_buffer("mask", t, persistent=False)`',
    unsafe="it is not in state_dict(): checkpoints stay as they are",
)

TABLE: tuple[Terms[Any], ...] = (
    FILLED, REPLACED, MOVED_ONTO_SLOT, MOVED_INSIDE, MADE_A_PARAMETER, HELD_IN_A_MODULE,
    LEAF_MADE_LAST, KEPT_INTEGERS, MADE_A_LIST, STEPPED, WRITTEN_THROUGH, FROZEN,
    DONE_WITHOUT_GRAD, COPIED_INTO, LOADED_IN_PLACE, KEPT_FROZEN, FLAG_ASKED, TIED_OR_COPIED,
    INIT_GUARDED, DATA_COPIED, WITHOUT_DATA, REGISTERED_AS_BUFFER,
)  # fmt: skip
"""All of them, in the order of their rules."""
