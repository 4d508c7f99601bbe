"""What two paths know together, what a loop settles on, and what unknown code leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flake8_paramassign.domain.heap import Heap
from flake8_paramassign.domain.objects import (
    ABSENT,
    ANY,
    MODULE,
    PARAMETER,
    PLAIN,
    Container,
    Field,
    Obj,
    Optimizer,
    Tensor,
    Thing,
)
from flake8_paramassign.domain.reach import unreachable
from flake8_paramassign.domain.state import State
from flake8_paramassign.domain.values import (
    MOST,
    NONE,
    NOTHING,
    UNKNOWN,
    Address,
    Addresses,
    Constant,
    Plain,
    Text,
    Values,
    is_unknown,
    join,
    same,
)

ADDRESSES = Addresses()
ONES = [ADDRESSES.of(site, symbolic=False) for site in "abc"]
MANY = ADDRESSES.several(ONES[0])
ONE_VALUE = st.sampled_from([*ONES, MANY, Constant(None), Constant(1), Plain("str"), *UNKNOWN])
VALUES = st.lists(ONE_VALUE, unique=True, max_size=3).map(tuple)
FIELDS = st.builds(Field, VALUES, st.integers(1, ANY))
MAYBE = st.sampled_from([True, False, None])
TENSORS = st.builds(
    Tensor,
    is_parameter=st.booleans(), is_subclass=st.booleans(), trainable=MAYBE, explicit=st.booleans(),
    is_leaf=MAYBE, shape=st.sampled_from([None, (), (2,), (2, 3)]), integer=MAYBE,
    dtype=st.sampled_from([None, "torch.float32", "torch.int64"]),
    origin=st.sampled_from([None, *ONES]), base=st.sampled_from([None, *ONES]),
    is_detached=st.booleans(), is_conversion=st.booleans(),
)  # fmt: skip
THINGS = st.builds(
    Thing,
    is_module=MAYBE,
    fields=st.dictionaries(st.sampled_from(["weight", "bias"]), FIELDS),
    rest=st.lists(st.tuples(st.sampled_from([Text("w"), Text("b", "s")]), FIELDS), max_size=1).map(
        tuple
    ),
    is_open=st.booleans(),
    initialised=MAYBE,
    epoch=st.integers(0, 2),
)
CONTAINERS = st.builds(
    Container,
    st.sampled_from(["list", "dict"]),
    st.dictionaries(st.integers(0, 2), VALUES),
    VALUES,
    st.booleans(),
)
OBJECTS = st.one_of(TENSORS, THINGS, CONTAINERS)


# Values.


@given(VALUES, VALUES, VALUES)
def test_a_join_of_values_has_what_either_has(one: Values, two: Values, three: Values) -> None:
    both = join(one, two)
    assert set(both) == {*one, *two}
    assert join(both, one) is both
    assert same(both, join(two, one))
    assert same(join(both, three), join(one, join(two, three)))


def test_too_many_values_are_unknown_and_stay_so() -> None:
    many = tuple(Constant(number) for number in range(MOST))
    assert join(many, many[:3]) == many
    assert is_unknown(join(many, (Constant(-1),)))


def test_one_is_not_true() -> None:
    assert len(join((Constant(1),), join((Constant(True),), (Constant(1.0),)))) == 3


# Objects.


def allows(values: Values, others: Values) -> bool:
    """Whether what holds one of ``others`` is as ``values`` say."""
    return is_unknown(values) or set(others) <= set(values)


def admits(claim: Obj, other: Obj) -> bool:
    """Whether an object of which ``other`` is true is as ``claim`` says."""
    if isinstance(claim, Tensor) and isinstance(other, Tensor):
        return all(
            getattr(claim, name) in (None, getattr(other, name))
            for name in ("trainable", "is_leaf", "shape", "dtype", "integer", "origin", "base")
        ) and all(
            getattr(other, name) or not getattr(claim, name)
            for name in ("is_parameter", "is_detached")
        )
    if isinstance(claim, Container) and isinstance(other, Container):
        if claim.is_exact and list(claim.known) != list(other.known):
            return False
        known = all(allows(v, other.known.get(k, NOTHING)) for k, v in claim.known.items())
        return known and claim.kind == other.kind and allows(claim.items(), other.items())
    if isinstance(claim, Thing) and isinstance(other, Thing):
        pairs = [(claim.member(name), other.member(name)) for name in ("weight", "bias", "other")]
        return (
            claim.is_module in (None, other.is_module)
            and claim.initialised in (None, other.initialised)
            and all(mine.slot & theirs.slot == theirs.slot for mine, theirs in pairs)
            and all(allows(mine.values, theirs.values) for mine, theirs in pairs)
        )
    return isinstance(claim, Thing) and claim.is_open and not claim.fields and not claim.rest


@given(OBJECTS, OBJECTS)
def test_a_join_of_objects_claims_no_more_than_either(one: Obj, two: Obj) -> None:
    both = one.join(two)
    assert admits(both, one)
    assert admits(both, two)


@given(OBJECTS)
def test_an_object_joined_with_itself_is_the_same_object(one: Obj) -> None:
    assert one.join(one) is one


@given(OBJECTS)
def test_what_unknown_code_had_is_no_less_unknown_than_before(one: Obj) -> None:
    after = one.havocked()
    assert isinstance(after, type(one))
    if isinstance(one, Tensor):
        assert admits(after, replace(one, is_leaf=one.is_leaf or one.is_parameter))
    elif isinstance(after, Container):
        assert is_unknown(after.items())
        assert not after.is_exact
    else:
        assert isinstance(after, Thing)
        assert after.is_open
        assert after.member("weight").slot == ANY


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (Tensor(trainable=True), Tensor(trainable=False), Tensor(trainable=None)),
        (Tensor(shape=(2,)), Tensor(shape=(3,)), Tensor()),
        (Tensor(is_parameter=True), Tensor(), Tensor()),
        (Tensor(is_detached=True), Tensor(), Tensor()),
        (Tensor(is_subclass=True), Tensor(), Tensor(is_subclass=True)),
        (
            Container("list", {0: NONE}),
            Container("list", {0: NONE, 1: NONE}),
            Container("list", {}, NONE, is_exact=False),
        ),
        (
            Container("list", {0: NONE}),
            Container("list", {0: UNKNOWN}),
            Container("list", {0: (*NONE, *UNKNOWN)}),
        ),
        (
            Thing(fields={"w": Field(NONE, PARAMETER)}, is_open=False),
            Thing(fields={"w": Field(UNKNOWN, PLAIN)}, is_open=False),
            Thing(fields={"w": Field((*NONE, *UNKNOWN), PARAMETER | PLAIN)}),
        ),
        (Thing(is_module=True), Thing(is_module=False), Thing()),
        (Thing(initialised=True), Thing(initialised=False), Thing()),
    ],
)
def test_what_two_paths_know_together(one: Obj, two: Obj, expected: Obj) -> None:
    assert one.join(two) == expected


def test_what_only_one_path_stored_may_be_absent() -> None:
    closed, stored = Thing(is_open=False), Thing(fields={"w": Field(NONE, MODULE)}, is_open=False)
    joined = closed.join(stored)
    assert isinstance(joined, Thing)
    assert joined.member("w") == Field(NONE, MODULE | ABSENT)


def test_a_name_that_is_known_in_part_may_be_any_that_fits() -> None:
    thing = Thing(fields={"block1": Field(NONE)}, is_open=False)
    after = thing.computed(Text("block"), Field(UNKNOWN, MODULE))
    assert after.member("block1") == Field((*NONE, *UNKNOWN), PLAIN | MODULE)
    assert after.member("block2") == Field(UNKNOWN, ABSENT | MODULE)
    assert after.member("head") == Field(NOTHING, ABSENT)


# States.


def state(**names: Values) -> State:
    made = State()
    for name, values in names.items():
        made.bind(name, values)
    return made


ONE, OTHER = ONES[:2]
FROZEN, TRAINED = Tensor(trainable=False), Tensor(trainable=True)


def test_one_object_is_changed_and_many_are_added_to() -> None:
    at = State()
    at.write(ONE, FROZEN)
    at.write(ONE, TRAINED)
    at.write(MANY, FROZEN)
    at.write(MANY, TRAINED)
    assert (at.read(ONE), at.read(MANY)) == (TRAINED, FROZEN.join(TRAINED))


def test_of_two_receivers_neither_is_surely_changed() -> None:
    at = State()
    for address in (ONE, OTHER):
        at.write(address, FROZEN)
    at.update((ONE, OTHER), lambda _: TRAINED)
    assert at.read(ONE) == at.read(OTHER) == FROZEN.join(TRAINED)
    at.update((ONE,), lambda _: TRAINED)
    assert at.read(ONE) == TRAINED


def test_the_second_object_of_a_place_is_one_of_many() -> None:
    addresses, at = Addresses(), State()
    place = addresses.of("here", symbolic=False)
    first = at.allocate(place, FROZEN, addresses)
    second = at.allocate(place, TRAINED, addresses)
    third = at.allocate(place, TRAINED, addresses)
    assert (first.many, second.many, third) == (False, True, second)
    assert (at.read(first), at.read(second)) == (FROZEN, TRAINED)


def test_a_copy_changes_on_its_own() -> None:
    at = state(x=NONE)
    at.write(ONE, FROZEN)
    copy = at.copy()
    copy.bind("x", UNKNOWN)
    copy.write(ONE, TRAINED)
    assert (at.names["x"], at.read(ONE)) == (NONE, FROZEN)
    at.bind("y", NONE)
    assert "y" not in copy.names


def test_where_paths_meet_both_may_be() -> None:
    yes, no = state(x=NONE, only=NONE), state(x=UNKNOWN)
    yes.grad, no.grad = True, False
    yes.write(ONE, FROZEN)
    no.write(ONE, TRAINED)
    met = yes.joined(no)
    assert same(met.names["x"], (*NONE, *UNKNOWN))
    assert met.grad is None
    assert met.read(ONE) == FROZEN.join(TRAINED)
    assert met.same(met.joined(yes))
    assert met.same(no.joined(yes))


def test_what_does_not_settle_is_unknown() -> None:
    head, later = state(stays=NONE, x=NONE), state(stays=NONE, x=(Constant(1),))
    for at, tensor in ((head, FROZEN), (later, TRAINED)):
        at.write(ONE, tensor)
        at.write(OTHER, FROZEN)
    after = head.widened(later)
    assert (after.names["stays"], after.names["x"]) == (NONE, UNKNOWN)
    left = after.read(ONE)
    assert isinstance(left, Tensor)
    assert left.trainable is None
    assert after.read(OTHER) == FROZEN
    assert is_unknown(after.joined(later).names["x"])


def owner(*held: Address) -> Thing:
    return Thing(fields={f"x{i}": Field((address,)) for i, address in enumerate(held)})


def test_unknown_code_may_change_all_that_it_can_reach_and_nothing_else() -> None:
    a, b, c = ONES
    at = State()
    at.write(a, owner(b))
    at.write(b, Container("list", {0: (c,)}))
    at.write(c, TRAINED)
    far = ADDRESSES.of("far", symbolic=False)
    at.write(far, TRAINED)
    assert at.reachable([a]) == [a, b, c]
    at.havoc([a])
    assert at.read(c) == TRAINED.havocked()
    assert at.read(b) == Container("list", {}, UNKNOWN, is_exact=False)
    assert at.read(far) == TRAINED


def test_a_circle_of_objects_is_gone_round_once() -> None:
    a, b, _ = ONES
    at = State()
    at.write(a, owner(b))
    at.write(b, owner(a))
    assert at.reachable([a]) == [a, b]


@pytest.mark.parametrize(
    ("made", "goes"),
    [
        (Tensor(), True),
        (Container("list"), True),
        (Thing(is_module=None), True),
        (Thing(is_module=True), False),
        (Optimizer("torch.optim.SGD", None, NOTHING, True), False),  # type: ignore[arg-type]
    ],
)
def test_what_nothing_leads_to_goes_but_for_what_has_or_trains_parameters(
    made: Obj, goes: bool
) -> None:
    one, other, _ = ONES
    old = Heap({one: Tensor()})
    assert unreachable(Heap({one: Tensor(), other: made}), old, []) == ({other} if goes else set())
    assert unreachable(Heap({one: Tensor(), other: made}), old, [(other,)]) == set()


def test_what_an_object_is_made_of_stays_with_it() -> None:
    one, other, third = ONES
    old, made = Heap({one: Tensor()}), {other: Tensor(base=third), third: Tensor()}
    assert unreachable(Heap({one: Tensor(base=other), **made}), old, []) == set()
    assert unreachable(Heap({one: Tensor(), **made}), old, []) == {other, third}
