"""What each word of the lists of known names does: the finding that there is for want of doubt."""

from __future__ import annotations

import pytest

from flake8_paramassign import analyze
from flake8_paramassign.project.libraries import is_module_class

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nimport numpy as np\n"
GIVEN = """
def f(other):
    model = nn.Linear(4, 4)
    {}(model)
    model.bias = torch.ones(4)
"""
ON_SELF = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.{}(self.scale)
        self.scale = torch.ones(4)
"""
ENTERED = """
def f():
    model = nn.Linear(4, 4)
    with {}():
        model.bias.add_(1)
"""
DECORATED = """
@{}
def make():
    return nn.Linear(4, 4)

def f():
    make().bias = torch.ones(4)
"""
STORED = """
def f(x):
    model = nn.Linear(4, 4)
    model.bias = {}
"""
LOADED = """
class Net(nn.Module):
    pass

Net.{}('x').requires_grad = False
"""
STEP = """
class Net(nn.Module):
    def {}(self, x):
        self.w = nn.Parameter(x)
"""
TOO_EARLY = """
class Net(nn.Module):
    def __init__(self, x):
        self.{}('w', x)
        super().__init__()
"""
BY_CALL = """
class Net(nn.Module):
    def forward(self, x):
        {}('w', nn.Parameter(x))
"""
OF_A_BASE = """
import lightning

class Net(lightning.LightningModule):
    def __init__(self, x):
        super().__init__()
        self.w = nn.Parameter(torch.ones(4))
        {}
        self.w = torch.ones(4)
"""
SPLIT = """
def f():
    setattr(nn.Linear(4, 4), 'bias.x'.{}('.')[0], torch.ones(4))
"""
ADDED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = {0}([nn.Linear(4, 4)]) + {0}([nn.Linear(4, 4)])
"""
WRAPPED = """
def f():
    nn.{}(nn.Linear(4, 4)).module.weight = torch.ones(4)
"""
INSIDE = """
def f():
    inner = nn.Linear(4, 4)
    nn.{}(inner).module.extra = nn.Parameter(torch.ones(4))
    inner.extra = torch.ones(4)
"""
MADE = """
class Net(nn.Module):
    def __init__(self, x):
        super().__init__()
        self.w = {}
"""
NORMED = """
def f():
    model = nn.Linear(4, 4)
    torch.nn.utils.{}(model, 'weight', 1)
    model.weight = torch.ones(4, 4)
"""
TRAINED = """
def f():
    model = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model.weight = nn.Parameter(torch.ones(4, 4))
    optimizer.{}()
    optimizer.step()
"""
USED = """
def f(x):
    x.{}(1)
    nn.Linear(4, 4).bias = x + 1
"""
GIVEN_ONE = """
def f(x: {}):
    nn.Linear(4, 4).bias = x + 1
"""
HARMLESS = """
    builtins.AssertionError builtins.AttributeError builtins.Exception builtins.IndexError
    builtins.KeyError builtins.NotImplementedError builtins.RuntimeError builtins.TypeError
    builtins.ValueError builtins.globals builtins.locals builtins.memoryview builtins.object
    builtins.open builtins.property builtins.slice contextlib.nullcontext contextlib.suppress
    dataclasses.asdict inspect.signature itertools.combinations itertools.count itertools.cycle
    itertools.product itertools.repeat operator.attrgetter pickle.dump pickle.dumps pytest.raises
    thop.profile torch.Generator torch.Size torch.amp.GradScaler torch.autocast torch.device
    torch.finfo torch.get_default_dtype torch.iinfo torch.load torch.manual_seed torch.onnx.export
    torch.set_num_threads torch.set_printoptions torch.typename torch.utils.checkpoint.checkpoint
    torch.utils.tensorboard.SummaryWriter torchinfo.summary torchsummary.summary tqdm.auto.tqdm
    tqdm.tqdm tqdm.trange unittest.main wandb.init wandb.log wandb.watch
"""
METHODS = """
    add_argument add_graph add_histogram add_image add_scalar add_scalars close critical debug dim
    error exception finish flush format get_device get_last_lr get_lr info item join
    log_hyperparams log_metrics numpy parse_args scale set_description set_epoch set_grad_enabled
    set_postfix set_postfix_str size split step tolist unscale_ update_progress warn warning watch
    write
"""
OF_SUBCLASSES = """
    aggregate all_gather assertAlmostEqual assertEqual assertFalse assertIn assertIsNone
    assertIsNotNone assertRaises assertTrue create_extended_attention_mask_for_decoder fail
    get_extended_attention_mask get_head_mask get_input_embeddings get_output_embeddings
    gradient_checkpointing_disable gradient_checkpointing_enable invert_attention_mask logger
    lr_schedulers manual_backward message num_parameters optimizers propagate register_to_config
    skipTest warn_if_padding
"""
CONTEXTS = """
    builtins.open contextlib.closing contextlib.nullcontext contextlib.redirect_stdout
    tempfile.TemporaryDirectory threading.Lock torch.amp.autocast torch.autocast
    torch.autograd.detect_anomaly torch.autograd.profiler.profile
    torch.autograd.profiler.record_function torch.autograd.set_detect_anomaly
    torch.cpu.amp.autocast torch.cuda.amp.autocast torch.cuda.device torch.cuda.stream
    torch.device torch.profiler.profile torch.profiler.record_function torch.random.fork_rng
    tqdm.tqdm warnings.catch_warnings
"""
DECORATORS = """
    abc.abstractmethod builtins.classmethod builtins.property builtins.staticmethod
    contextlib.asynccontextmanager contextlib.contextmanager functools.cache
    functools.cached_property functools.lru_cache functools.wraps pytest.fixture
    torch._dynamo.disable torch.compile torch.compiler.disable torch.jit.export torch.jit.ignore
    torch.jit.script_if_tracing torch.jit.script_method torch.jit.unused typing.final
    typing.no_type_check typing.overload typing.override typing_extensions.override
"""
OF_TENSORS = """
    addmm baddbmm bmm clamp_max clamp_min detach expand expand_as index_select is_contiguous
    log_softmax logsumexp masked_fill narrow new_empty new_full new_ones new_tensor new_zeros
    numel permute rsqrt sigmoid softmax tril triu type_as unbind unsqueeze view_as
"""
ARRAYS = """
    arange array asarray concatenate empty eye full linspace load ones ones_like random.normal
    random.rand random.randn random.uniform stack zeros zeros_like
"""
SHAPE_KEPT = """
    abs absolute acos asin atan bool ceil clone cos cosh cumprod cumsum detach erf erfinv exp exp2
    expm1 flip fliplr flipud floor frac log log10 log1p log2 log_softmax nan_to_num neg negative
    reciprocal relu roll round rsqrt sgn sigmoid sign sin sinh softmax sqrt square tan tanh tril
    triu trunc
"""
SHAPE_KEPT_BY_TORCH = """
    empty_like full_like ones_like rand_like randint_like randn_like selu zeros_like
"""
SHAPE_KEPT_BY_F = """
    elu gelu hardtanh leaky_relu normalize silu softplus
"""
BROADCAST = """
    add clamp clip div divide fmod lerp maximum minimum mul multiply pow remainder sub subtract
    true_divide
"""
WITHOUT_MODULES = """
    abc argparse ast builtins collections ctypes dataclasses datetime enum functools io json
    logging multiprocessing numbers pathlib pydantic random string threading typing
    typing_extensions unittest weakref numpy pandas keras tensorflow flax jax mlx
"""
ONLY_OF_TENSORS = """
    add_ addcdiv_ addcmul_ addmm addmm_ backward baddbmm bernoulli_ bmm clamp_ clamp_max clamp_min
    contiguous copy_ detach detach_ div_ expand expand_as exponential_ fill_ index_add_ index_copy_
    index_fill_ index_select is_contiguous kaiming_ lerp_ log_softmax logsumexp masked_fill
    masked_fill_ mul_ narrow new_empty new_full new_ones new_tensor new_zeros normal_ numel permute
    requires_grad_ retain_grad rsqrt scatter_ scatter_add_ sigmoid softmax sub_ tril triu type_as
    unbind uniform_ unsqueeze unsqueeze_ view_as zero_
"""
PACKAGES = """
    PIL argparse collections cv2 datetime einops glob json logging math matplotlib os pandas pathlib
    random re scipy shutil sklearn subprocess time torch.backends torch.cuda torch.distributed
    torch.distributions torch.fft torch.linalg torch.nn.functional torch.optim.lr_scheduler
    torch.profiler torch.random torch.special torch.testing torch.utils.data torchvision.transforms
    typing warnings
"""
BUILTINS = """
    ascii bin bytes chr complex dir float format hash hex id input int oct ord repr str
"""
OF_TEXTS = """
    capitalize count endswith find index isdigit isidentifier join lower lstrip partition
    removeprefix removesuffix replace rpartition rstrip startswith strip title upper
"""
RECOMPUTING = """
    prune.custom_from_mask prune.identity prune.l1_unstructured prune.ln_structured
    prune.random_structured prune.random_unstructured spectral_norm spectral_norm.spectral_norm
    weight_norm weight_norm.weight_norm
"""
OF_OPTIMIZERS = "step zero_grad state_dict load_state_dict __repr__"
LIKE = "zeros_like ones_like empty_like"
OF_BASES = "reset_parameters extra_repr __repr__ __init_subclass__ forward"
OF_REGISTRIES = "keys items values get copy __contains__"
STEPS = """
    forward on_before_zero_grad optimizer_step predict_step test_step training_step
    training_step_end validation_step
"""
DOUBT = "unheard_of"


def said(program: str, word: str) -> list[str]:
    """Return the messages of a program with a word in it."""
    root, dot, _ = word.rpartition(".")
    imported = f"import {root}\n" if dot and root != "builtins" else ""
    source = imported + HEAD + program.format(word.removeprefix("builtins."))
    return [diagnostic.message for diagnostic in analyze(source, "words.py")]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (GIVEN, HARMLESS),
        (GIVEN.replace("{}", "other.{}"), METHODS),
        (ON_SELF, OF_SUBCLASSES),
        (ENTERED, CONTEXTS),
        (DECORATED, DECORATORS),
        (STORED.replace("{}", "x.{}(2)"), OF_TENSORS),
        (STORED.replace("{}", "np.{}(3)"), ARRAYS),
        (STORED.replace("{}", "{}(x)"), BUILTINS),
        (LOADED, "from_pretrained from_config _from_config load_from_checkpoint"),
        (DECORATED.replace("{}", "torch.{}()"), "no_grad enable_grad inference_mode"),
        (STEP, STEPS),
        (TOO_EARLY, "register_buffer register_parameter add_module register_module"),
        (BY_CALL.replace("{}(", "{}(self, "), "setattr"),
        (BY_CALL.replace("{}", "self.{}"), "register_parameter"),
        (OF_A_BASE.replace("{}", "super().{}()"), OF_BASES),
        (OF_A_BASE.replace("{}", "self._parameters.{}(x)"), OF_REGISTRIES),
        (SPLIT, "split rsplit partition rpartition"),
        (ADDED, "list tuple"),
        (WRAPPED, "DataParallel parallel.DistributedDataParallel"),
        (INSIDE, "DataParallel parallel.DistributedDataParallel"),
        (NORMED, RECOMPUTING),
        (MADE.replace("{}", "nn.Parameter(x).{}()"), "bfloat16 double half"),
        (MADE.replace("{}", "nn.Parameter(torch.arange(3).{}())"), "int long"),
        (MADE.replace("{}", "nn.Parameter(torch.{}(torch.arange(3)))"), LIKE),
        (TRAINED, OF_OPTIMIZERS),
        (STORED.replace("{}", "'a.b'.{}(x)"), OF_TEXTS),
        (USED, ONLY_OF_TENSORS),
        (GIVEN_ONE, "torch.Tensor torch.FloatTensor"),
    ],
)
def test_what_is_known_leaves_no_doubt(program: str, words: str) -> None:
    assert said(program, DOUBT) == []
    assert [word for word in words.split() if not said(program, word)] == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("torch.ones(3).{}()", SHAPE_KEPT),
        ("torch.{}(torch.ones(3))", SHAPE_KEPT_BY_TORCH),
        ("F.{}(torch.ones(3))", SHAPE_KEPT_BY_F),
        ("torch.{}(torch.ones(3), torch.ones(3, 3))", BROADCAST),
    ],
)
def test_what_keeps_a_shape_that_does_not_fit_cannot_fill(value: str, words: str) -> None:
    program = STORED.format(value)
    fills = {word for word in words.split() if "to fill it" in "".join(said(program, word))}
    assert fills == set()
    assert "to fill it" in said(STORED.format("torch.{}(torch.ones(3))"), "bincount")[0]


def test_packages_are_known_none_of_whose_functions_changes_a_module() -> None:
    program = GIVEN.replace("{}", f"{{}}.{DOUBT}")
    assert said(program, f"{DOUBT}.{DOUBT}") == []
    assert [name for name in PACKAGES.split() if not said(f"import {name}\n" + program, name)] == []


def test_packages_without_modules_are_known() -> None:
    assert is_module_class(f"{DOUBT}.Net") is None
    assert {is_module_class(f"{name}.Net") for name in WITHOUT_MODULES.split()} == {False}


def test_an_argument_is_what_its_annotation_says_of_other_libraries() -> None:
    program = "import {}\ndef freeze(model: {}):\n    model.requires_grad = False\n"
    known = program.format("transformers", "transformers.PreTrainedModel")
    other = program.format(DOUBT, f"{DOUBT}.Net")
    assert [d.code for d in analyze(HEAD + known, "words.py")] == ["PRM203"]
    assert analyze(HEAD + other, "words.py") == []
