"""On what terms something is written, or trained, otherwise: PRM2xx, PRM3xx and PRM9xx."""

from __future__ import annotations

from typing import Any

from flake8_paramassign.fixes.rewrites.attribute_uses import Attribute
from flake8_paramassign.fixes.rewrites.buffers import Constant
from flake8_paramassign.fixes.rewrites.evidence import Evidence
from flake8_paramassign.fixes.rewrites.in_place import Initialised
from flake8_paramassign.fixes.rewrites.rebinding import Rebound
from flake8_paramassign.fixes.rewrites.terms.questions import (
    AFTERWARDS,
    BETWEEN_PASSES,
    BROADCASTS,
    NO_OTHER_EFFECTS,
    Question,
    Terms,
)
from flake8_paramassign.fixes.rewrites.through_data import DataWrite
from flake8_paramassign.fixes.rewrites.writes import ItemWrite, Rebinding, Write

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
        Question(
            "the variable is written in place as well, which raises where it is the Parameter: do "
            "all of it under torch.no_grad()",
            lambda r: r.is_written_later,
        ),
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
    unsafe=f"the Parameter then changes; {BROADCASTS}, or RuntimeError if it is expanded",
)

FROZEN = Terms[Attribute](
    "PRM203",
    "`m.requires_grad = False` becomes `m.requires_grad_(False)`",
    refused=(Question("the attribute is read in another place", lambda a: a.is_read),),
    unsafe="what is trained changes; without anything to train, backward() raises RuntimeError",
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

COPIED_INTO = Terms[Evidence](
    "PRM303",
    "`m.w = nn.Parameter(t)` becomes `m.w.data.copy_(t)`",
    refused=(
        Question(
            f"there may be no Parameter to write into: {AFTERWARDS}",
            lambda e: not e.may_be_filled,
        ),
        Question(f"the slot is empty, or may be: {AFTERWARDS}", lambda e: e.may_hold_none),
        Question(f"the new Parameter has another shape: {AFTERWARDS}", lambda e: e.has_other_shape),
        Question(f"the new Parameter has another dtype: {AFTERWARDS}", lambda e: e.has_other_dtype),
        Question(
            "the old Parameter is kept elsewhere, and would change as well", lambda e: e.is_kept
        ),
        Question(
            f"the old Parameter is frozen, and the new one is not: {AFTERWARDS}",
            lambda e: e.is_to_be_trained,
        ),
    ),
    unsafe=f"{BROADCASTS}; the Parameter keeps its dtype and device, which raises RuntimeError "
    "where others are needed",
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
        Question(
            "elements of the Parameter share memory, which copy_() does not write",
            lambda r: r.is_expanded,
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
        Question(
            "the Module is made here, and takes the dtype and device of what is there already: "
            "make it with these",
            lambda r: r.takes_form_of_another,
        ),
    ),
    unsafe="it keeps its shape, dtype and device (what computes with it may raise RuntimeError if "
    f"it was to get others); {BROADCASTS}; the storage of the value is no longer shared",
)

LOADED_IN_PLACE: Terms[Any] = Terms(
    "PRM303",
    "`m.load_state_dict(state, assign=True)` becomes `m.load_state_dict(state)`",
    unsafe="they keep their dtype, and have to have storage: those on the meta device have none, "
    "and to write an expanded one raises RuntimeError",
)

KEPT_FROZEN: Terms[Any] = Terms(
    "PRM304",
    "`nn.Parameter(t)` becomes `nn.Parameter(t, requires_grad=False)`",
    unsafe="pass True instead where it is meant to train: a frozen one takes no hooks, and without "
    "anything to train, backward() raises RuntimeError",
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

INIT_GUARDED = Terms[Initialised](
    "PRM306",
    "`w.data.normal_(std=s)` becomes `nn.init.normal_(w, std=s)`, or is guarded",
    refused=(
        Question(
            "what the write returns is used: test getattr(w, '_is_hf_initialized', False) around "
            "it",
            lambda i: i.is_used,
        ),
        Question(
            "to evaluate the Parameter may do more: keep it in a local, and test that",
            lambda i: i.has_effects,
        ),
    ),
    unsafe="loaded weights then are kept",
)

WITHOUT_DATA = Terms[DataWrite](
    "PRM902",
    "`w.data.fill_(0)` becomes `w.fill_(0)` under `torch.no_grad()`",
    refused=(
        Question(
            "the .data is taken in another statement, and may be used there",
            lambda d: d.is_taken_elsewhere,
        ),
        Question(
            "what is called changes the tensor that .data gave, and not the Parameter",
            lambda d: d.changes_form,
        ),
    ),
    proved=(
        Question("that it surely is a Parameter", lambda d: d.is_of_a_parameter),
        Question(
            "that no backward pass of an earlier forward pass follows (which raises then, where "
            "gradients were wrong)",
            lambda d: d.is_after_no_forward,
        ),
        Question("that no attribute is assigned anew", lambda d: d.assigns_nothing),
        Question(NO_OTHER_EFFECTS, lambda d: d.is_pure),
    ),
)

REGISTERED_AS_BUFFER = Terms[Constant](
    "PRM903",
    '`m.mask = t` becomes `m.register_buffer("mask", t, persistent=False)`',
    refused=(
        Question("that cannot be the name of a buffer", lambda c: c.has_no_name_for_it),
        Question(
            "something may have been assigned to it before, and register_buffer raises KeyError "
            "for an attribute that exists",
            lambda c: c.is_there_already,
        ),
        Question(
            "the class has an attribute of that name, for which register_buffer raises KeyError",
            lambda c: c.is_of_the_class,
        ),
        Question(
            "it is assigned in another place as well, and a buffer takes nothing but a tensor or "
            "None",
            lambda c: c.is_no_tensor_elsewhere,
        ),
    ),
    unsafe="it is not in state_dict(): checkpoints stay as they are",
)
