"""Expressions: tensors, Parameters and what is no tensor, of a shape and for a place."""

from __future__ import annotations

from collections.abc import Sequence

from codemods.verification.generated.text import SIZE, Chance, Shape


def fresh(chance: Chance, shape: Shape) -> str:
    """Return a tensor that is made here."""
    numbers = ", ".join(map(str, shape))
    plain = [
        f"torch.ones({numbers or '()'})",
        f"torch.zeros({numbers or '()'})",
        f"torch.full({shape}, 0.5)",
        f"torch.randn({numbers or '()'})",
    ]
    if len(shape) == 2 and shape[0] == shape[1]:
        plain.append(f"torch.eye({shape[0]})")
    if len(shape) == 1:
        plain += [f"torch.linspace(-1.0, 1.0, {shape[0]})", f"torch.tensor({[0.5] * shape[0]})"]
    if not shape:
        plain.append("torch.tensor(0.5)")
    return chance.one(plain)


def tensor(chance: Chance, shape: Shape, own: str = "", others: Sequence[str] = ()) -> str:
    """Return a tensor for a place of ``shape``, which need not be what it should be.

    ``own`` is what stands there, ``others`` are further Parameters and tensors of the shape.
    """
    made = fresh(chance, shape)
    numbers = ", ".join(map(str, shape)) or "()"
    choices: dict[str, int] = {
        made: 8,
        f"{made} * 0.1": 2,
        f"{made}.clone()": 1,
        f"F.normalize({made}, dim=0)": 1 if shape else 0,
        f"{made}.to(device)": 2,
        f"{made}.to(torch.float64)": 1,
        f"{made}.float()": 1,
        f"{made}.half()": 1,
        f"torch.ones(1).expand({numbers})": 1 if shape else 0,
        f"torch.empty({numbers}).uniform_(-1, 1)": 1,
        f"torch.randn({numbers}, requires_grad=True)": 1,
        f"torch.from_numpy(np.full({shape}, 0.5, dtype=np.float32))": 1,
        f"torch.tensor(np.ones({shape}))": 1,
        f"drawn({made})": 2,
        f"torch.randint(0, 3, {shape or (1,)})": 1,
        f"torch.randn({', '.join(['2'] * max(len(shape), 1))})": 1,
        f"torch.randn({SIZE * 2}, {SIZE})[:{SIZE}]": 1 if shape == (SIZE, SIZE) else 0,
        f"torch.randn({SIZE}, {SIZE}).t()": 1 if shape == (SIZE, SIZE) else 0,
        f"torch.randn({SIZE * SIZE}).view({SIZE}, {SIZE})": 1 if shape == (SIZE, SIZE) else 0,
    }
    if own:
        choices |= {
            f"{own} * 0.5": 3,
            f"{own} + 1.0": 2,
            f"{own}.clone()": 2,
            f"{own}.detach()": 1,
            f"{own}.detach().clone()": 2,
            f"{own}.data": 1,
            f"{own}.data * 2": 2,
            f"{own}.to(device)": 1,
            f"{own}.to(torch.float64)": 1,
            f"torch.zeros_like({own})": 3,
            f"torch.randn_like({own}.data)": 1,
            f"F.relu({own})": 1,
            f"{own} - 0.1 * torch.ones_like({own})": 1,
            f"{own}.t()": 1 if len(shape) == 2 else 0,
            f"{own}": 1,
        }
    for other in others:
        choices |= {
            other: 2,
            f"{other}.detach()": 1,
            f"{other}.clone()": 1,
            f"{other}.data": 1,
            f"{other}.data.clone()": 1,
            f"{other} * 2": 1,
            f"0.9 * {own or made} + 0.1 * {other}": 1,
        }
    return chance.weighted(choices)


def parameter(chance: Chance, shape: Shape, own: str = "", others: Sequence[str] = ()) -> str:
    """Return a Parameter that is made here."""
    inside = tensor(chance, shape, own, others) if chance.sometimes(0.6) else fresh(chance, shape)
    return f"nn.Parameter({inside}{flag(chance)})"


def flag(chance: Chance) -> str:
    """Return the further argument that says whether a Parameter trains, mostly none."""
    return chance.weighted({"": 8, ", requires_grad=False": 2, ", requires_grad=True": 1})


def lost(chance: Chance, shape: Shape) -> str:
    """Return an operation on a Parameter that is made here."""
    made = parameter(chance, shape)
    after = {
        ".to(device)": 4,
        ".to(torch.float32)": 1,
        ".float()": 1,
        ".cuda()": 0,
        " * 0.1": 2,
        " + 1": 1,
        ".clone()": 1,
        ".detach()": 1,
        ".data": 1,
        ".requires_grad_(False)": 2,
        ".requires_grad_()": 1,
        ".contiguous()": 1,
        ".t()": 2 if len(shape) == 2 else 0,
        ".view(-1)": 1 if len(shape) == 1 else 0,
        ".squeeze()": 1 if shape else 0,
        f".expand({SIZE})": 1 if shape == (SIZE,) else 0,
    }
    return made + chance.weighted(after)


def stored(chance: Chance, shape: Shape, own: str = "", others: Sequence[str] = ()) -> str:
    """Return something to store in a Parameter's place, sound or not."""
    kind = chance.weighted({"tensor": 6, "parameter": 5, "lost": 1, "odd": 1, "either": 1})
    if kind == "tensor":
        return tensor(chance, shape, own, others)
    if kind == "parameter":
        return parameter(chance, shape, own, others)
    if kind == "lost":
        return lost(chance, shape)
    if kind == "odd":
        listed = str([0.5] * shape[0]) if len(shape) == 1 else "[1.0, 2.0]"
        array = f"np.ones({shape}, dtype=np.float32)"
        return chance.one(["None", "0.5", "1", listed, array, "nn.ReLU()"])
    with chance.unknown() as condition:
        one, other = stored(chance, shape, own), stored(chance, shape, own)
    return f"({one}) if {condition} else ({other})" if condition else one
