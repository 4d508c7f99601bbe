"""Classes of Modules: what they register, lose, inherit and compute."""

from __future__ import annotations

from dataclasses import dataclass, field

from codemods.verification.generated.text import SIZE, Block, Chance, Kind, Shape
from codemods.verification.generated.values import flag, fresh, lost, parameter, stored, tensor

VECTOR, MATRIX = (SIZE,), (SIZE, SIZE)
LINEAR = Kind(f"nn.Linear({SIZE}, {SIZE})", {"weight": MATRIX, "bias": VECTOR}, {"": "nn.Linear"})
NO_BIAS = Kind(f"nn.Linear({SIZE}, {SIZE}, bias=False)", {"weight": MATRIX, "bias": None})
NORM = Kind(f"nn.LayerNorm({SIZE})", {"weight": VECTOR, "bias": VECTOR}, {"": "nn.LayerNorm"})
BATCH = Kind(f"nn.BatchNorm1d({SIZE})", {"weight": VECTOR, "bias": VECTOR})
BARE = Kind(f"nn.LayerNorm({SIZE}, elementwise_affine=False)", {"weight": None, "bias": None})
PRELU = Kind("nn.PReLU()", {"weight": (1,)})
STOCK = (LINEAR, LINEAR, LINEAR, NO_BIAS, NORM, BATCH, BARE, PRELU)


@dataclass
class Body:
    """A class being written."""

    chance: Chance
    name: str
    known: tuple[Kind, ...]
    """The classes that were written before."""
    init: Block = field(default_factory=list)
    forward: Block = field(default_factory=list)
    methods: list[Block] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    slots: dict[str, Shape | None] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    lists: list[str] = field(default_factory=list)

    def use(self, expression: str) -> None:
        """Have ``forward`` compute with an attribute; ``x`` is what was computed so far."""
        if self.chance.sometimes(0.85):
            self.forward.append(f"x = {expression}")

    def add(self, make: str, name: str) -> None:
        """Add the attribute ``name``, in the way ``make``."""
        getattr(self, f"_add_{make}")(name)

    def _store(self, name: str, value: str) -> None:
        form = self.chance.weighted(
            {"plain": 10, "local": 2, "setattr": 1, "annotated": 1, "if": 1}
        )
        if form == "local":
            self.init += [f"{name}_ = {value}", f"self.{name} = {name}_"]
        elif form == "setattr":
            self.init.append(f'setattr(self, "{name}", {value})')
        elif form == "annotated":
            self.init.append(f"self.{name}: torch.Tensor = {value}")
        elif form == "if":
            with self.chance.unknown() as condition:
                other = parameter(self.chance, VECTOR) if "(4, 4)" not in value else value
            self.init.append((f"if {condition}:", [f"self.{name} = {value}"]))
            self.init.append(("else:", [f"self.{name} = {other}"]))
        else:
            self.init.append(f"self.{name} = {value}")

    def _shape(self) -> Shape:
        return self.chance.weighted({VECTOR: 5, MATRIX: 3, (1,): 1, (): 1})

    def _combine(self, name: str, shape: Shape) -> None:
        by = "@" if shape == MATRIX else self.chance.one("*+")
        self.use(f"x {by} self.{name}")

    def _add_parameter(self, name: str) -> None:
        shape = self._shape()
        made = parameter if self.chance.sometimes(0.3) else _simple
        self._store(name, made(self.chance, shape))
        self.slots[name] = shape
        self._combine(name, shape)

    def _add_lost(self, name: str) -> None:
        shape = self._shape()
        self._store(name, lost(self.chance, shape))
        self._combine(name, shape)

    def _add_trainable(self, name: str) -> None:
        self._store(name, f"torch.randn({SIZE}, requires_grad=True)")
        self._combine(name, VECTOR)

    def _add_plain(self, name: str) -> None:
        self._store(name, tensor(self.chance, VECTOR))
        self._combine(name, VECTOR)

    def _add_buffer(self, name: str) -> None:
        self.init.append(f'self.register_buffer("{name}", {fresh(self.chance, VECTOR)})')
        self._combine(name, VECTOR)

    def _add_empty(self, name: str) -> None:
        how = self.chance.one([f'self.register_parameter("{name}", None)', f"self.{name} = None"])
        self.init.append(how)
        if how.startswith("self.register"):
            self.slots[name] = None
        self.use(f"x if self.{name} is None else x + self.{name}")

    def _add_registered(self, name: str) -> None:
        value = stored(self.chance, VECTOR) if self.chance.sometimes(0.2) else "None"
        if value == "None":
            value = f"nn.Parameter({fresh(self.chance, VECTOR)})"
        self.init.append(f'self.register_parameter("{name}", {value})')
        self.slots[name] = VECTOR
        self._combine(name, VECTOR)

    def _add_layer(self, name: str) -> None:
        kind = self.chance.one([*STOCK, *self.known])
        self._store(name, kind.call)
        self._holds(name, kind)
        self.use(f"self.{name}(x)")

    def _holds(self, name: str, kind: Kind) -> None:
        self.slots |= {f"{name}.{slot}": shape for slot, shape in kind.slots.items()}
        self.layers[name] = kind.call.split("(")[0]

    def _add_sequence(self, name: str) -> None:
        layers = [self.chance.one(STOCK) for _ in self.chance.many(1, 3)]
        made = ", ".join(kind.call for kind in layers)
        self.init.append(f"self.{name} = nn.Sequential({made})")
        for index, kind in enumerate(layers):
            self._holds(f"{name}[{index}]", kind)
        self.lists.append(name)
        self.use(f"self.{name}(x)")

    def _add_several(self, name: str) -> None:
        layer = self.chance.one(STOCK[:5]).call
        count = self.chance.one(["2", "3"])
        many = f"[{layer} for _ in range({count})]"
        how = self.chance.weighted(
            {"list": 2, "module list": 3, "append": 2, "registered": 1, "dict": 1, "splat": 1}
        )
        if how == "list":
            self.init.append(f"self.{name} = {many}")
        elif how == "module list":
            self.init.append(f"self.{name} = nn.ModuleList({many})")
        elif how == "append":
            empty = self.chance.one(["nn.ModuleList()", "[]"])
            loop = (f"for _ in range({count}):", [f"self.{name}.append({layer})"])
            self.init += [f"self.{name} = {empty}", loop]
        elif how == "registered":
            added = [f'self.add_module(f"{name}{{i}}", layer)']
            loop = (f"for i, layer in enumerate(self.{name}):", added)
            self.init += [f"self.{name} = {many}", loop]
        elif how == "splat":
            self.init.append(f"self.{name} = {many}")
            self.init.append(f"self.{name}_all = nn.Sequential(*self.{name})")
        else:
            made = f'{{"one": {layer}, "two": {layer}}}'
            wrapped = self.chance.one([made, f"nn.ModuleDict({made})"])
            self.init.append(f"self.{name} = {wrapped}")
        self.lists.append(name if how != "dict" else f"{name}.values()")
        self.forward.append((f"for layer in self.{self.lists[-1]}:", ["x = layer(x)"]))

    def _add_parameters(self, name: str) -> None:
        each = _simple(self.chance, VECTOR)
        many = f"[{each} for _ in range(2)]"
        forms = {"list": 2, "tuple": 1, "parameter list": 2, "named": 2, "dict": 1}
        how = self.chance.weighted(forms)
        over = f"self.{name}"
        if how == "list":
            self.init.append(f"self.{name} = {many}")
        elif how == "tuple":
            self.init.append(f"self.{name} = ({each}, {each})")
        elif how == "parameter list":
            self.init.append(f"self.{name} = nn.ParameterList({many})")
        elif how == "named":
            self.init.append(("for i in range(2):", [f'setattr(self, f"{name}{{i}}", {each})']))
            over = f"(self.{name}0, self.{name}1)"
            self.slots |= {f"{name}0": VECTOR, f"{name}1": VECTOR}
        else:
            made = self.chance.one(['{"one": %s}', 'nn.ParameterDict({"one": %s})']) % each
            self.init.append(f"self.{name} = {made}")
            over = f"self.{name}.values()"
        self.forward.append((f"for scale in {over}:", ["x = x * scale"]))

    def _add_shared(self, name: str) -> None:
        earlier = [slot for slot, shape in self.slots.items() if shape == VECTOR]
        if not earlier:
            self._add_parameter(name)
            return
        own = f"self.{self.chance.one(earlier)}"
        made = {
            own: 3,
            f"{own} * 2": 1,
            f"{own}.detach()": 1,
            f"{own}.data": 1,
            f"{own}.clone()": 1,
        }
        self.init.append(f"self.{name} = {self.chance.weighted(made)}")
        self._combine(name, VECTOR)

    def add_method(self) -> None:
        """Add a method that writes what the class registers, perhaps called while constructing."""
        slots = {slot: shape for slot, shape in self.slots.items() if shape is not None}
        if not slots:
            return
        name = self.chance.name(self.chance.one(["reset", "_init_weights", "update", "freeze"]))
        body: Block = []
        for _ in self.chance.many(1, 2):
            slot, shape = self.chance.one([*slots.items()])
            body.append(_write(self.chance, f"self.{slot}", shape))
        decorator: Block = ["@torch.no_grad()"] if self.chance.sometimes(0.3) else []
        self.methods.append(["", *decorator, (f"def {name}(self):", body)])
        if self.chance.sometimes(0.5):
            self.init.append(f"self.{name}()")
        else:
            self.called.append(name)

    def add_to_forward(self) -> None:
        """Have ``forward`` write what it should compute."""
        slots = {slot: shape for slot, shape in self.slots.items() if shape is not None}
        if slots:
            slot, shape = self.chance.one([*slots.items()])
            self.forward.insert(0, _write(self.chance, f"self.{slot}", shape))


def _simple(chance: Chance, shape: Shape) -> str:
    return f"nn.Parameter({fresh(chance, shape)}{flag(chance)})"


def _write(chance: Chance, own: str, shape: Shape) -> str:
    value = tensor(chance, shape, own)
    return chance.weighted(
        {
            f"nn.init.ones_({own})": 3,
            f"{own}.data.fill_(0.5)": 3,
            f"{own}.fill_(0.5)": 2,
            f"{own}.data = {value}": 2,
            f"{own} = {stored(chance, shape, own)}": 4,
            f"{own} = nn.Parameter({value}{flag(chance)})": 2,
            f"{own}.data.copy_({value})": 2,
            f"{own}.copy_({value})": 2,
            f"{own}.requires_grad = False": 2,
            f"{own}.requires_grad_(False)": 1,
        }
    )


ATTRIBUTES = {
    "parameter": 8,
    "layer": 8,
    "lost": 3,
    "trainable": 1,
    "plain": 1,
    "buffer": 2,
    "empty": 2,
    "registered": 1,
    "sequence": 2,
    "several": 3,
    "parameters": 2,
    "shared": 2,
}
NAMES = ("scale", "shift", "fc", "gate", "weight", "bias", "head", "norm", "alpha", "proj")


def write_class(chance: Chance, known: tuple[Kind, ...]) -> tuple[Block, Kind]:
    """Return a class, and what those who use it know."""
    parent = chance.one(known) if known and chance.sometimes(0.3) else None
    body = Body(chance, chance.name(chance.one(["Net", "Block", "Policy"])), known)
    base = "nn.Module"
    if parent:
        base = parent.call.split("(")[0]
        body.slots |= parent.slots
        body.layers |= parent.layers
    names = [*NAMES]
    chance.random.shuffle(names)
    for name in names[: 1 + chance.random.randrange(3)]:
        body.add(chance.weighted(ATTRIBUTES), name)
    if chance.sometimes(0.4):
        body.add_method()
    if chance.sometimes(0.06):
        body.add_to_forward()
    starts = {"super().__init__()": 12, f"super({body.name}, self).__init__()": 2}
    start = chance.weighted(starts | {f"{base}.__init__(self)": 1})
    early = bool(body.init) and isinstance(body.init[0], str)
    position = 1 if early and chance.sometimes(0.04) else 0
    init = [*body.init[:position], start, *body.init[position:]]
    first: Block = ["x = super().forward(x)"] if parent else []
    methods: Block = [("def __init__(self, device=None):", init)]
    for method in body.methods:
        methods += method
    if body.forward or not parent:
        result = "return x" if body.forward or first else "return x * 2"
        methods += ["", ("def forward(self, x):", [*first, *body.forward, result])]
    written: Block = ["", "", (f"class {body.name}({base}):", methods)]
    kind = Kind(
        f"{body.name}(device)" if chance.sometimes(0.6) else f"{body.name}()",
        body.slots,
        {"": body.name, **body.layers},
        tuple(body.lists),
        (*body.called, *(parent.methods if parent else ())),
    )
    return written, kind
