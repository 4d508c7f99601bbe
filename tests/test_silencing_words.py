"""What each word of the lists of reasons for doubt does: without it there would be a finding."""

from __future__ import annotations

import pytest

from flake8_paramassign import Settings, analyze

HEAD = "import torch\nfrom torch import nn\n"
NET = """
class Net(nn.Module):
    def __init__(self, x):
        super().__init__()
        {}
"""
CAUGHT = """
def f():
    model = nn.Linear(4, 4)
    try:
        model.bias = torch.ones(4)
    except {}:
        model.bias = nn.Parameter(torch.ones(4))
"""
IN_LISTS = NET.format("self.layers = [nn.Linear(4, 4), nn.Linear(4, 4)]")
OVERRIDDEN = """
    def {0}(self, *args):
        return super().{0}(*args)
"""
REGISTERED = """
    def build(self, x):
        x.{}(self.layers)
"""
COMPUTED = (
    NET.format("")
    + """
        self.w = nn.Parameter(torch.ones(4))

    @functools.{}
    def scaled(self):
        return self.w

    def scale(self):
        self.scaled = nn.Parameter(torch.ones(4)).t()
"""
)
LOADED = """
from transformers.{} import {}
from transformers import PreTrainedModel

class Net(PreTrainedModel):
    def _init_weights(self, module):
        module.weight.data.normal_()
"""
READ = (
    NET.format("self.mask = torch.ones(4)")
    + """
    def forward(self, x):
        return x * {}
"""
)
COPIED = READ.format("self.mask.{}(x.shape[0]).to(x.device)")
FLOAT = NET.format("self.w = nn.Parameter(torch.{}(torch.ones(4))).float()")
CALLED = """
def f(x):
    layer = nn.Linear(4, 4)
    layer.weight = torch.nn.{}(nn.Linear(4, 4))(x)
"""
BY_METHODS = """
    _apply _load_from_state_dict _save_to_state_dict children load_state_dict modules named_children
    named_modules named_parameters parameters state_dict
"""
REGISTERING = """
    ModuleDict ModuleList ParameterDict ParameterList Sequential add_module register_module
    register_parameter setattr
"""
OF_OLD = """
    adapters benchmark configuration_bert deepspeed generation_beam_search
    generation_logits_process generation_utils modeling_bert modeling_gpt2 modeling_roberta
    modeling_tf_utils modeling_utils.Conv1D modeling_utils.PoolerEndLogits
    modeling_utils.SequenceSummary modeling_utils.SQuADHead
    modeling_utils.apply_chunking_to_forward modeling_utils.find_pruneable_heads_and_indices
    modeling_utils.prune_conv1d_layer modeling_utils.prune_linear_layer
    pytorch_utils.find_pruneable_heads_and_indices tokenization_utils utils.model_parallel_utils
"""
TAKING_ANY = """
    array as_tensor asarray bool enumerate float getattr hasattr int is_tensor isinstance len list
    new_tensor print range tensor to tuple type type_as zip
"""
UNDONE = """
def f():
    model = nn.Linear(4, 4)
    nn.utils.prune.identity(model, "weight")
    nn.utils.{}(model, "weight")
    model.weight = torch.ones(4, 4)
"""
UNDOING = """
    parametrize.remove_parametrizations prune.remove remove_spectral_norm remove_weight_norm
    spectral_norm.remove_spectral_norm weight_norm.remove_weight_norm
"""
GIVING_MORE = """
    DataParallel Identity LSTMCell ModuleDict ModuleList MultiheadAttention ParameterList RNN
    Sequential parallel.DistributedDataParallel
"""
MOVING = "def move(x):\n    return x.{}(0)\n" + READ.format("move(self.mask)")


def found(source: str, select: str = "") -> set[str]:
    settings = Settings(select=frozenset([select])) if select else Settings()
    return {diagnostic.code for diagnostic in analyze(HEAD + source, "x.py", settings=settings)}


@pytest.mark.parametrize(
    ("program", "other", "words", "code"),
    [
        (CAUGHT, "KeyError", "TypeError Exception BaseException", "PRM101"),
        (IN_LISTS + OVERRIDDEN, "forward", BY_METHODS, "PRM105"),
        (IN_LISTS + REGISTERED, "append", REGISTERING, "PRM105"),
        (COMPUTED, "cache", "property cached_property abstractproperty getter", "PRM102"),
        (READ.format("{}(x, self.mask)"), "torch.mul", TAKING_ANY, "PRM903"),
        (READ.format("self.mask") + OVERRIDDEN, "half", "_apply to cuda cpu", "PRM903"),
        (MOVING, "mul", "cpu cuda npu to type_as xpu", "PRM903"),
        (COPIED, "mul", "repeat repeat_interleave", "PRM903"),
        (FLOAT, "sum", "zeros_like ones_like empty_like rand_like randn_like", "PRM102"),
        (UNDONE, "clip_grad_norm_", UNDOING, "PRM204"),
        (CALLED, "Linear", GIVING_MORE, "PRM101"),
    ],
)
def test_a_word_is_a_reason_for_doubt(program: str, other: str, words: str, code: str) -> None:
    assert found(program.format(other), code) == {code}
    assert [word for word in words.split() if found(program.format(word), code)] == []


def test_what_transformers_5_lacks_is_of_an_older_version() -> None:
    assert found(LOADED.format("modeling_utils", "PreTrainedModel")) == {"PRM306"}
    gone = [f"{name}.all" if "." not in name else name for name in OF_OLD.split()]
    assert [name for name in gone if found(LOADED.format(*name.split(".")))] == []
