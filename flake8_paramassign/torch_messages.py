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
_NOT_MOVED = (
    (*_UNREGISTERED, "PRM903"),
    "model.to(...) moves and converts what is registered. A plain tensor attribute, a Parameter "
    "lost in an expression, or layers in a plain list stay as they were made (another cause: the "
    "input was not moved or converted).",
    "Register it: nn.Parameter, register_buffer, nn.ModuleList.",
)

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
        (*_UNREGISTERED, "PRM109"),
        "The Module has no registered Parameters: they are in a plain list or dict, or what was "
        "stored is the result of an operation on a Parameter. Or the generator that parameters() "
        "gave was iterated before, to count them say, and has nothing left.",
        "Keep Modules in nn.ModuleList and Parameters in nn.ParameterList, and assign "
        "nn.Parameter(...) itself. Call parameters() again for each use.",
    ),
    TorchMessage(
        "ValueError",
        "some parameters appear in more than one parameter group",
        ("PRM105", "PRM104"),
        "The optimizer was given a Parameter twice: model.parameters() has what is registered, and "
        "it was given once more, as for a list of layers that was a plain one before and has "
        "become an nn.ModuleList, or for tied layers.",
        "Register what is trained, and give the optimizer model.parameters() alone.",
    ),
    TorchMessage(
        "ValueError",
        "loaded state dict contains a parameter group that doesn't match the size of optimizer's",
        _UNREGISTERED,
        "The optimizer was saved for another number of Parameters: some were not registered, and "
        "are now, or the other way round.",
        "Register what is trained; an optimizer that was saved before that has to begin anew.",
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
        "element 0 of tensors does not require grad and does not have a grad_fn",
        ("PRM203",),
        "No Parameter that the loss was computed with requires grad: all are frozen, and "
        "module.requires_grad = True sets an attribute and frees none (other causes: the forward "
        "pass ran under no_grad(), or went through .data, .detach() or .item()).",
        "module.requires_grad_(True), before the forward pass.",
    ),
    TorchMessage(
        "RuntimeError",
        "Trying to backward through the graph a second time",
        ("PRM102",),
        "The graph is freed by backward(), and the next step needs a part of it again: the result "
        "of an operation on a Parameter, which __init__ stored and forward uses (other causes: a "
        "loss or a state that is kept from step to step).",
        "Store the Parameter itself, nn.Parameter(...), and compute with it in forward.",
    ),
    TorchMessage(
        "RuntimeError",
        "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol",
        ("PRM102",),
        "copy.deepcopy() of a model copies its attributes, and one of them is the result of an "
        "operation on a Parameter, which belongs to a graph (other causes: weight_norm as a hook).",
        "Store the Parameter itself, nn.Parameter(...), and compute with it in forward.",
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
        "DistributedDataParallel is not needed when a module doesn't have any parameter",
        _UNREGISTERED,
        "The Module has no registered Parameters, or all of them are frozen.",
        "Keep Modules in nn.ModuleList and Parameters in nn.ParameterList, and assign "
        "nn.Parameter(...) itself.",
    ),
    TorchMessage("RuntimeError", "Expected all tensors to be on the same device", *_NOT_MOVED),
    TorchMessage("RuntimeError", "Tensor on device ... is not on the expected device", *_NOT_MOVED),
    TorchMessage("RuntimeError", "mat1 and mat2 must have the same dtype", *_NOT_MOVED),
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
