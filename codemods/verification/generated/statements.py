"""What is done with Modules once there are some: the body of ``build``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from codemods.verification.generated.classes import LINEAR, MATRIX, STOCK, VECTOR
from codemods.verification.generated.templates import (
    AFTER_NORM,
    FROZEN,
    IN_LOOP,
    IN_PLACE,
    LEAVES,
    MOVED,
    NORMS,
    OF_LAYER,
)
from codemods.verification.generated.text import Block, Chance, Kind, Shape
from codemods.verification.generated.values import flag, parameter, stored, tensor


@dataclass
class Scene:
    """What is in scope where the next statement is written."""

    chance: Chance
    kinds: tuple[Kind, ...]
    """The classes of the program."""
    models: dict[str, Kind] = field(default_factory=dict)
    """The variables, or expressions, that hold Modules."""
    optimizers: list[str] = field(default_factory=list)
    tensors: dict[str, Shape] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=set)

    def statement(self) -> Block:
        """Return what is done next, in one or more statements."""
        return getattr(self, f"_{self.chance.weighted(KINDS)}")()  # type: ignore[no-any-return]

    # What there is.

    def _model(self) -> tuple[str, Kind]:
        name = self.chance.one([*self.models])
        return name, self.models[name]

    def _slot(self) -> tuple[str, str, Shape]:
        """Return a Module, the name of a Parameter of it, and its shape."""
        slots = [
            (name, slot, shape)
            for name, kind in self.models.items()
            for slot, shape in kind.slots.items()
        ]
        if not slots:
            slots = [("model", "weight", VECTOR)]
        name, slot, shape = self.chance.one(slots)
        owner, _, last = f"{name}.{slot}".rpartition(".")
        if shape is None:
            shape = VECTOR if last == "bias" else self.chance.one([VECTOR, MATRIX])
        return owner, last, shape

    def _others(self, shape: Shape) -> list[str]:
        others = [
            f"{name}.{slot}"
            for name, kind in self.models.items()
            for slot, held in kind.slots.items()
            if held == shape
        ]
        others += [name for name, held in self.tensors.items() if held == shape]
        self.chance.random.shuffle(others)
        return others[:2]

    def make_model(self, kind: Kind, name: str) -> Block:
        """Return what makes a Module under this name."""
        self.models[name] = kind
        return [f"{name} = {kind.call}"]

    # What is done.

    def _made(self) -> Block:
        kind = self.chance.one([*STOCK, *self.kinds, *self.kinds])
        how = self.chance.weighted({"one": 4, "two": 2, "copy": 2, "helper": 1, "moved": 1})
        name = self.chance.name(self.chance.one(["other", "teacher", "head", "target"]))
        if how == "two":
            twin = self.chance.name("twin")
            self.models |= {name: kind, twin: kind}
            return [f"{name}, {twin} = [{kind.call} for _ in range(2)]"]
        if how == "copy":
            of, kind = self._model()
            self.models[name] = kind
            return [f"{name} = copy.deepcopy({of})"]
        if how == "helper" and kind in STOCK:
            self.helpers.add("make_layer")
            self.models[name] = LINEAR
            return [f"{name} = make_layer()"]
        self.models[name] = kind
        return [f"{name} = {kind.call}" + ".to(device)" * (how == "moved")]

    def _kept(self) -> Block:
        shape = self.chance.one([VECTOR, VECTOR, MATRIX])
        name = self.chance.name(self.chance.one(["value", "start", "w"]))
        others = self._others(shape)
        make = self.chance.weighted({tensor: 4, parameter: 2})
        value = make(self.chance, shape, "", others)
        self.tensors[name] = shape
        return [f"{name} = {value}"]

    def _alias(self) -> Block:
        name, kind = self._model()
        inner = [layer for layer in kind.layers if layer]
        if not inner:
            return self._store()
        layer = self.chance.one(inner)
        alias = self.chance.name("layer")
        slots = {
            slot.removeprefix(f"{layer}."): shape
            for slot, shape in kind.slots.items()
            if slot.startswith(f"{layer}.")
        }
        self.models[alias] = Kind(kind.layers[layer], slots, {"": kind.layers[layer]})
        return [f"{alias} = {name}.{layer}"]

    def _store(self) -> Block:
        owner, slot, shape = self._slot()
        place = f"{owner}.{slot}"
        value = stored(self.chance, shape, place, self._others(shape))
        form = self.chance.weighted(
            {"=": 12, "setattr": 2, "tuple": 1, "chain": 1, "helper": 1, "register": 1, "try": 1}
            | {"walrus": 1, "loop": 1, "with": 1, "chosen": 1, "attempt": 1, "several": 1}
        )
        if form == "setattr":
            return [f'setattr({owner}, "{slot}", {value})']
        if form == "tuple":
            return [f"{place}, done = {value}, True"]
        if form == "chosen":
            return [f"drawn({owner}).{slot} = {value}"]
        if form == "attempt" and slot == "weight":
            return [f"attempt({owner}, {value})"]
        if form == "several":
            others = self._others(shape)[:1]
            return [" = ".join([place, *(o for o in others if "." in o), value])]
        if form == "chain":
            return [f"kept = {place} = {value}"]
        if form == "helper":
            self.helpers.add("assign")
            return [f"assign({owner}, {value})"] if slot == "weight" else [f"{place} = {value}"]
        if form == "register":
            return [f'{owner}.register_parameter("{slot}", {value})']
        if form == "try":
            return self._expected([f"{place} = {value}"], "TypeError")
        if form == "walrus":
            return [(f"if (held := {value}) is not None:", [f"{place} = held"])]
        if form == "loop":
            return [(f"for {place} in [{value}]:", ["pass"])]
        if form == "with":
            return [("with torch.no_grad():", [f"{place} = {value}"])]
        return [f"{place} = {value}"]

    def _in_place(self) -> Block:
        owner, slot, shape = self._slot()
        place = f"{owner}.{slot}"
        value = tensor(self.chance, shape, place, self._others(shape))
        write = self.chance.written(IN_PLACE, place=place, value=value)
        if self.chance.sometimes(0.1):
            return self._expected([write], "RuntimeError")
        return self._perhaps_without_grad([write], 0.4)

    def _expected(self, block: Block, error: str) -> Block:
        if self.chance.sometimes(0.3):
            return [(f"with contextlib.suppress({error}):", block)]
        return [("try:", block), (f"except {error}:", ["pass"])]

    def _perhaps_without_grad(self, block: Block, probability: float) -> Block:
        if not self.chance.sometimes(probability):
            return block
        how = {
            "torch.no_grad()": 6,
            "torch.set_grad_enabled(False)": 1,
            "torch.inference_mode()": 1,
        }
        how |= {"torch.enable_grad()": 1}
        return [(f"with {self.chance.weighted(how)}:", block)]

    def _frozen(self) -> Block:
        name, _ = self._model()
        owner, slot, _ = self._slot()
        frozen = self.chance.written(FROZEN, name=name, owner=owner, slot=slot)
        header, colon, body = frozen.partition(": ")
        return [(f"{header}:", [body])] if colon else [frozen]

    def _optimizer(self) -> Block:
        name, _ = self._model()
        optimizer = self.chance.name("optimizer")
        self.optimizers.append(optimizer)
        owner, slot, _ = self._slot()
        kind = self.chance.one(["torch.optim.SGD", "torch.optim.Adam"])
        given = self.chance.weighted(
            {
                f"{name}.parameters()": 8,
                f"[p for p in {name}.parameters() if p.requires_grad]": 2,
                f"filter(lambda p: p.requires_grad, {name}.parameters())": 1,
                f"list({name}.parameters())": 1,
                f"[{{'params': {name}.parameters()}}]": 1,
                f"[{owner}.{slot}]": 2,
                "params": 3,
            }
        )
        if given != "params":
            return [f"{optimizer} = {kind}({given}, lr=0.1)"]
        params = self.chance.name("params")
        many = self.chance.one([f"{name}.parameters()", f"list({name}.parameters())"])
        used = self.chance.one(
            [f"count = sum(p.numel() for p in {params})", f"first = next({params})", ""]
            if not many.startswith("list")
            else [f"count = sum(p.numel() for p in {params})", ""]
        )
        made = f"{optimizer} = {kind}({params}, lr=0.1)"
        return [f"{params} = {many}", *([used] if used else []), made]

    def _tensor_optimized(self) -> Block:
        name = self.chance.name("code")
        value = self.chance.written(LEAVES)
        optimizer = self.chance.name("optimizer")
        self.optimizers.append(optimizer)
        make: Block = [f"{optimizer} = torch.optim.SGD([{name}], lr=0.1)"]
        if self.chance.sometimes(0.2):
            self.optimizers.pop()
            make = self._expected(make, "ValueError")
        return [f"{name} = {value}", *make]

    def _step(self) -> Block:
        name, _ = self._model()
        block: Block = [f"loss = {name}(inputs(device)[0]).sum()", "loss.backward()"]
        if self.optimizers and self.chance.sometimes(0.7):
            block.append(f"{self.chance.one(self.optimizers)}.step()")
        return block

    def _tie(self) -> Block:
        owner, slot, shape = self._slot()
        others = self._others(shape)
        if not others:
            return self._store()
        data = self.chance.one(["", "", ".data"])
        return [f"{owner}.{slot}{data} = {others[0]}{data}"]

    def _loop(self) -> Block:
        name, kind = self._model()
        every = self.chance.one(["parameters", "named_parameters"])
        variable = "p" if every == "parameters" else "key, p"
        body = self.chance.written(IN_LOOP)
        if self.chance.sometimes(0.3):
            inner: Block = [
                (
                    f"if isinstance(m, {self.chance.one(['nn.Linear', 'nn.LayerNorm'])}):",
                    [_write_of_layer(self.chance)],
                )
            ]
            return self._perhaps_without_grad([(f"for m in {name}.modules():", inner)], 0.3)
        if kind.lists and self.chance.sometimes(0.4):
            over = f"{name}.{self.chance.one(kind.lists)}"
            return self._perhaps_without_grad(
                [(f"for layer in {over}:", [_write_of_layer(self.chance, "layer")])], 0.3
            )
        loop: Block = [(f"for {variable} in {name}.{every}():", body.split("; "))]
        return self._perhaps_without_grad(loop, 0.4)

    def _state(self) -> Block:
        owner, slot, shape = self._slot()
        value = tensor(self.chance, shape, f"{owner}.{slot}")
        state = self.chance.name("state")
        return self.chance.one(
            [
                [f'{owner}.state_dict()["{slot}"] = {value}'],
                [f'{owner}.state_dict()["{slot}"].copy_({value})'],
                [f'dict({owner}.named_parameters())["{slot}"] = {value}'],
                [f"list({owner}.parameters())[0] = {value}"],
                [f"list({owner}.parameters())[0].data = {value}"],
                [f"{state} = {owner}.state_dict()", f'{state}["{slot}"] = {value}'],
                [
                    f"{state} = {owner}.state_dict()",
                    f'{state}["{slot}"] = {value}',
                    f"{owner}.load_state_dict({state})",
                ],
                [f"{owner}.load_state_dict({owner}.state_dict(), assign=True)"],
                [f"{owner}.load_state_dict(copy.deepcopy({owner}.state_dict()), assign=True)"],
            ]
        )

    def _deleted(self) -> Block:
        owner, slot, shape = self._slot()
        value = stored(self.chance, shape)
        return self.chance.one(
            [
                [f"del {owner}.{slot}", f"{owner}.{slot} = {value}"],
                [f"{owner}.{slot} = None", f"{owner}.{slot} = {value}"],
                [f"kept = {owner}.{slot}", f"del {owner}.{slot}", f"{owner}.{slot} = kept * 2"],
                [f"{owner}.{slot} = None"],
            ]
        )

    def _recomputed(self) -> Block:
        layers = [name for name, kind in self.models.items() if kind in (LINEAR,)]
        if not layers:
            return self.make_model(LINEAR, self.chance.name("normed"))
        name = self.chance.one(layers)
        how = self.chance.written(NORMS)
        write = self.chance.written(AFTER_NORM, name=name)
        return [f"{name} = {how}({name})", write]

    def _hooked(self) -> Block:
        owner, slot, _ = self._slot()
        name, _ = self._model()
        hooks = [
            f"{owner}.{slot}.register_hook(lambda grad: grad * 2)",
            f"{name}.register_forward_hook(lambda module, given, got: got * 2)",
        ]
        return [self.chance.one(hooks)]

    def _called(self) -> Block:
        name, kind = self._model()
        return [f"{name}.{self.chance.one(kind.methods)}()"] if kind.methods else self._store()

    def _moved(self) -> Block:
        name, _ = self._model()
        return [self.chance.written(MOVED, name=name)]

    def _branch(self) -> Block:
        before = dict(self.models), list(self.optimizers), dict(self.tensors)
        with self.chance.unknown() as condition:
            arms = [self.statement(), self.statement() if self.chance.sometimes(0.4) else []]
        self.models, self.optimizers, self.tensors = before
        if not condition:
            return arms[0]
        made: Block = [(f"if {condition}:", arms[0])]
        return [*made, ("else:", arms[1])] if arms[1] else made


def _write_of_layer(chance: Chance, name: str = "m") -> str:
    value = tensor(chance, MATRIX, f"{name}.weight")
    return chance.written(OF_LAYER, name=name, value=value, flag=flag(chance))


KINDS = {
    "made": 4,
    "kept": 4,
    "alias": 3,
    "store": 12,
    "in_place": 7,
    "frozen": 5,
    "optimizer": 5,
    "tensor_optimized": 1,
    "step": 2,
    "tie": 2,
    "loop": 4,
    "state": 3,
    "deleted": 2,
    "recomputed": 2,
    "hooked": 2,
    "called": 2,
    "moved": 2,
    "branch": 4,
}
"""What a statement does, and how often."""


def _make_layer(chance: Chance) -> Block:
    body = [f"layer = {LINEAR.call}", _write_of_layer(chance, "layer"), "return layer"]
    return [("def make_layer():", body)]


def _assign(chance: Chance) -> Block:
    return [("def assign(module, value):", ["module.weight = value"])]


def _attempt(chance: Chance) -> Block:
    handled: Block = [("try:", ["assign(module, value)"]), ("except TypeError:", ["return None"])]
    return [("def attempt(module, value):", handled)]


def _drawn(chance: Chance) -> Block:
    """Write what gives what it is given, and shows when it was called."""
    return [("def drawn(given):", ["torch.rand(1)", "return given"])]


def _init_weights(chance: Chance) -> Block:
    kind = chance.one(["nn.Linear", "nn.LayerNorm"])
    body = [(f"if isinstance(m, {kind}):", [_write_of_layer(chance)])]
    return [("def init_weights(m):", body)]


HELPERS: dict[str, Callable[[Chance], Block]] = {
    "make_layer": _make_layer,
    "attempt": _attempt,
    "assign": _assign,
    "drawn": _drawn,
    "init_weights": _init_weights,
}
"""Functions that a program has where it calls them, a caller before what it calls."""
