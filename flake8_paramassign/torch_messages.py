"""PyTorch's own error messages, and the rules that know their cause.

Most people meet a wrong assignment as an exception, and search for its words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_VARIES = "..."


@dataclass(frozen=True)
class TorchMessage:
    """One message; ``...`` in its text stands for what varies, and what follows may be missing."""

    error: str
    text: str
    codes: tuple[str, ...]
    """The rules that find the cause, the likeliest first."""
    cause: str
    instead: str

    def is_in(self, words: str) -> bool:
        """Return whether ``words``, copied from a traceback, hold the message."""
        pattern = ".*?".join(map(re.escape, self.text.split(_VARIES)))
        return re.search(pattern, " ".join(words.split()), re.IGNORECASE) is not None


def messages_in(words: str) -> list[TorchMessage]:
    """Return the messages that ``words`` hold."""
    return [message for message in MESSAGES if message.is_in(words)]


_STARTED = (
    "A Module keeps its Parameters, Modules and buffers in tables that super().__init__() makes; "
    "before that call there is nowhere to register them.",
    "Call super().__init__() first in __init__, then assign.",
)
_UNREGISTERED = ("PRM102", "PRM105", "PRM104", "PRM103")

MESSAGES = (
    TorchMessage(
        "TypeError",
        "cannot assign '...' as parameter",
        ("PRM101",),
        "The name is a registered Parameter, and what is assigned to it is none: a tensor, an "
        "array, a number, or the result of .to(), .cuda() or an operation on a Parameter.",
        "To change the values: m.weight.data.copy_(t). To replace the Parameter: "
        "m.weight = nn.Parameter(t), before an optimizer takes it.",
    ),
    TorchMessage(
        "TypeError",
        "cannot assign '...' object to parameter",
        ("PRM101",),
        "register_parameter() was given a tensor that is no Parameter.",
        "m.register_parameter(name, nn.Parameter(t)), or register_buffer(name, t) for what is "
        "not trained.",
    ),
    TorchMessage(
        "AttributeError",
        "cannot assign parameters before Module.__init__() call",
        ("PRM107",),
        *_STARTED,
    ),
    TorchMessage(
        "AttributeError",
        "cannot assign parameter before Module.__init__() call",
        ("PRM107",),
        *_STARTED,
    ),
    TorchMessage(
        "AttributeError",
        "cannot assign module before Module.__init__() call",
        ("PRM107",),
        *_STARTED,
    ),
    TorchMessage(
        "AttributeError",
        "cannot assign buffer before Module.__init__() call",
        ("PRM107",),
        *_STARTED,
    ),
    TorchMessage(
        "ValueError",
        "can't optimize a non-leaf Tensor",
        ("PRM106", "PRM102"),
        "What the optimizer was given is the result of an operation, such as "
        "torch.randn(n, requires_grad=True).to(device): gradients end up in the tensor before it.",
        "Make the leaf last: torch.randn(n, device=device, requires_grad=True), or "
        "nn.Parameter(torch.randn(n).to(device)).",
    ),
    TorchMessage(
        "ValueError",
        "optimizer got an empty parameter list",
        _UNREGISTERED,
        "The Module has no registered Parameters: they are in a plain list or dict, or what was "
        "stored is the result of an operation on a Parameter.",
        "Keep Modules in nn.ModuleList and Parameters in nn.ParameterList, and assign "
        "nn.Parameter(...) itself.",
    ),
    TorchMessage(
        "RuntimeError",
        "Only Tensors of floating point and complex dtype can require gradients",
        ("PRM108",),
        "A Parameter requires grad unless told otherwise, and integers have no gradient.",
        "nn.Parameter(t, requires_grad=False), a buffer, or nn.Parameter(t.float()).",
    ),
    TorchMessage(
        "RuntimeError",
        "data set to a tensor that requires gradients must be floating point",
        ("PRM108",),
        "The .data of a Parameter that requires grad was replaced by integers.",
        "w.data = t.to(w.dtype), or w.data.copy_(t).",
    ),
    TorchMessage(
        "RuntimeError",
        "leaf Variable that requires grad is being used in an in-place operation",
        ("PRM301",),
        "A Parameter that requires grad is the leaf of a graph: autograd does not let it, or a "
        "view of it, be written in place while it records.",
        "Write under no_grad: with torch.no_grad(): w.copy_(t).",
    ),
    TorchMessage(
        "RuntimeError",
        "Expected to have finished reduction in the prior iteration",
        ("PRM303", "PRM302"),
        "DistributedDataParallel waits for the gradient of a Parameter that takes no part: it "
        "was replaced after DDP took it (other causes: a branch that is not always run).",
        "Write into the Parameter, m.weight.data.copy_(t), or replace it before DDP is made.",
    ),
    TorchMessage(
        "RuntimeError",
        "Expected all tensors to be on the same device",
        (*_UNREGISTERED, "PRM903"),
        "model.to(device) moves what is registered. A plain tensor attribute, a Parameter lost in "
        "an expression, or layers in a plain list stay where they were made.",
        "Register it: nn.Parameter, register_buffer, nn.ModuleList.",
    ),
    TorchMessage(
        "RuntimeError",
        "Missing key(s) in state_dict",
        _UNREGISTERED,
        "The checkpoint was saved by a model in which these names were not registered, or are "
        "called otherwise.",
        "Register what has to be saved; load older checkpoints with strict=False, and look at "
        "what it returns.",
    ),
    TorchMessage(
        "RuntimeError",
        "Unexpected key(s) in state_dict",
        _UNREGISTERED,
        "The checkpoint has names that are not registered in this model: lost in an expression, "
        "or kept in a plain list.",
        "Register what has to be loaded: nn.Parameter, nn.ModuleList.",
    ),
)
