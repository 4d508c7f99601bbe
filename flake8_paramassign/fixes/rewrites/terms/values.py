"""On what terms a Parameter, or what holds Parameters, is stored otherwise: PRM1xx."""

from __future__ import annotations

from typing import Any

from flake8_paramassign.fixes.rewrites.attribute_uses import Attribute
from flake8_paramassign.fixes.rewrites.container_uses import Held
from flake8_paramassign.fixes.rewrites.conversions import is_number
from flake8_paramassign.fixes.rewrites.evidence import Evidence
from flake8_paramassign.fixes.rewrites.leaves import Computed, Integers
from flake8_paramassign.fixes.rewrites.moves import Moved
from flake8_paramassign.fixes.rewrites.terms.questions import (
    BETWEEN_PASSES,
    BROADCASTS,
    DONE_WITH_ALL,
    NO_OTHER_EFFECTS,
    SHARES_MEMORY,
    Question,
    Terms,
)


def _is_number(evidence: Evidence) -> bool:
    """Whether ``fill_`` is given numbers, of which nothing is asked but what they mean."""
    return all(map(is_number, evidence.event.values))


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
        Question(
            "the value is the storage of another tensor, which the same statement may write before",
            lambda e: e.may_be_overwritten,
        ),
        Question(
            "a variable has its storage, and would change as well", lambda e: e.is_seen_afterwards
        ),
        Question(BETWEEN_PASSES, lambda e: e.is_before_a_backward),
    ),
    proved=(
        Question(
            "that it surely is this object (another may raise AttributeError)",
            lambda e: e.is_of_one_receiver,
        ),
        Question("that all who come here store the like", lambda e: e.is_alike_for_all),
        Question("that the statement stores nothing else", lambda e: e.is_all_of_statement),
        Question("of which class the object is", lambda e: e.is_of_known_class),
        Question("that nobody expects the TypeError", lambda e: e.is_unexpected),
        Question("that every value is a tensor", lambda e: e.is_surely_tensor),
        Question(
            f"that the shapes are the same ({BROADCASTS})",
            lambda e: _is_number(e) or e.has_same_shape,
        ),
        Question("that dtype and device are the same", lambda e: _is_number(e) or e.has_same_form),
        Question(
            "that no gradient flows through the value",
            lambda e: _is_number(e) or e.is_without_gradient,
        ),
        Question(
            "that the value has storage of its own", lambda e: _is_number(e) or e.has_own_storage
        ),
        Question("that nothing else is tied to the Parameter", lambda e: e.is_surely_untied),
        Question(NO_OTHER_EFFECTS, lambda e: e.is_evaluated_in_any_order),
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
    unsafe="no optimizer, tie or hook of the old Parameter knows the new one, and what computes "
    "with it may raise RuntimeError if it has another shape or dtype",
)

MOVED_ONTO_SLOT = Terms[Moved](
    "PRM101",
    "`m.w = nn.Parameter(t).to(d)` becomes `m.w = nn.Parameter(t.to(d))`",
    refused=(
        Question(
            "what makes the Parameter may be called by others, too: do it where it is stored",
            lambda m: m.is_shared_helper,
        ),
    ),
    unsafe=REPLACED.unsafe,
)

OF_THE_CLASS = Question[Attribute](
    "the class has an attribute of that name, beside which none registers",
    lambda a: a.is_of_the_class,
)
BEFORE_INIT = Question[Attribute](
    "the Module has not been begun: nothing can be registered before that (AttributeError)",
    lambda a: a.is_before_init,
)
STORED_IN_A_TRY = Question[Attribute](
    "it is stored in a try, too, where nobody would see that a Parameter refuses it",
    lambda a: a.is_stored_in_a_try,
)

MOVED_INSIDE = Terms[Moved](
    "PRM102",
    "`m.w = nn.Parameter(t).to(d)` becomes `m.w = nn.Parameter(t.to(d))`",
    refused=(
        OF_THE_CLASS,
        BEFORE_INIT,
        Question(SHARES_MEMORY, lambda m: m.is_expanded),
        *MOVED_ONTO_SLOT.refused,
        STORED_IN_A_TRY,
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
        Question(
            "that nothing else is stored in it (a tensor then raises TypeError)",
            lambda m: m.is_alike_on_all_paths and not m.is_stored_elsewhere,
        ),
    ),
)

MADE_A_PARAMETER = Terms[Attribute](
    "PRM103",
    "`m.w = torch.randn(3, requires_grad=True)` becomes `m.w = nn.Parameter(torch.randn(3))`",
    refused=(
        OF_THE_CLASS,
        Question(
            "it is written in place in grad mode, which raises where it is a Parameter",
            lambda a: a.is_written_in_grad_mode,
        ),
        STORED_IN_A_TRY,
    ),
    unsafe="nothing but another Parameter can be assigned to it afterwards (TypeError), and "
    f"{DONE_WITH_ALL.format('it')}",
)

HELD_IN_A_MODULE = Terms[Held](
    "PRM104, PRM105",
    "`m.ws = [...]` becomes `m.ws = nn.ParameterList([...])`, or another container of `torch.nn`",
    refused=(
        Question(
            "a set has no order: make it a list, or the list of torch.nn", lambda h: h.has_no_order
        ),
        Question(
            "the containers of torch.nn register nothing of the containers in them",
            lambda h: h.holds_containers,
        ),
        Question("it holds other things than Parameters, or Modules", lambda h: h.holds_others),
        Question("torch.nn has none that does what the program does with it", lambda h: h.lacks),
        Question(
            "the attribute is assigned again, in another place", lambda h: h.is_assigned_again
        ),
        Question(
            "the program asks whether it is a list or a dict", lambda h: h.is_asked_what_it_is
        ),
        Question("it is given to what may need a list", lambda h: h.is_needed_as_it_is),
        Question("other files may use it, too", lambda h: h.is_used_in_other_files),
        Question(
            "it is used without gradients only, and may be kept from training on purpose",
            lambda h: h.is_without_grad,
        ),
        Question(
            "the keys would have to be strings without dots that are no attributes of the "
            "container",
            lambda h: h.has_other_keys,
        ),
    ),
    unsafe="it takes nothing else, who trains what is in it besides gives an optimizer the same "
    f"twice, and {DONE_WITH_ALL.format('these')}",
)

LEAF_MADE_LAST = Terms[Computed](
    "PRM106",
    "`torch.ones(3, requires_grad=True).to(d)` becomes `torch.ones(3).to(d).requires_grad_()`",
    refused=(
        Question(
            "it is computed of another tensor that is trained, and would be no leaf either",
            lambda c: c.is_computed_of_others,
        ),
        Question(SHARES_MEMORY, lambda c: c.is_expanded),
    ),
    proved=(
        Question("that nobody expects the ValueError", lambda c: c.is_unexpected),
        Question(
            "that the leaf is made in the same expression (the result is what is trained, not what "
            "it is computed from)",
            lambda c: c.is_made_here,
        ),
        Question("that it is floating point", lambda c: c.is_floating),
        Question(NO_OTHER_EFFECTS, lambda c: c.is_pure),
        Question(
            "that nothing is done with it before an optimizer surely takes it",
            lambda c: c.is_for_the_optimizer,
        ),
    ),
)

KEPT_INTEGERS = Terms[Integers](
    "PRM108",
    "`nn.Parameter(torch.arange(3))` becomes `nn.Parameter(torch.arange(3), requires_grad=False)`",
    refused=(
        Question(
            "whether the integers are meant, or their floating point, is not known",
            lambda i: i.are_given_to_a_parameter,
        ),
        Question(
            "requires_grad is given: make the values floating point to train them",
            lambda i: i.are_to_be_trained,
        ),
    ),
    unsafe="make them floating point instead where they are to be trained",
)

MADE_A_LIST: Terms[Any] = Terms(
    "PRM109",
    "`params = m.parameters()` becomes `params = list(m.parameters())`",
    unsafe="what did nothing for want of Parameters is then done, with those that there are "
    "where the list is made",
)
