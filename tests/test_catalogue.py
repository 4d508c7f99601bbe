"""What the interpreter is told about torch, and that it is what the installed torch does."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from flake8_paramassign import catalogue
from flake8_paramassign.catalogue import GIVEN, UNKNOWN, ModuleClass, Result, Slot
from flake8_paramassign.catalogue.generate import __main__ as command
from flake8_paramassign.catalogue.generate import render


def known(name: str) -> ModuleClass:
    found = catalogue.module_class(name)
    assert found is not None, name
    return found


def slots(name: str, **arguments: object) -> dict[str, Slot]:
    registered = known(name).slots(arguments)
    assert registered is not None, name
    return registered


def kinds(name: str, **arguments: object) -> dict[str, str]:
    return {slot.name: slot.kind for slot in slots(name, **arguments).values()}


def shapes(name: str, **arguments: object) -> dict[str, object]:
    return {slot.name: slot.shape for slot in slots(name, **arguments).values()}


class TestModules:
    @pytest.mark.parametrize(
        "alias",
        ["torch.nn.Linear", "torch.nn.modules.Linear", "torch.nn.modules.linear.Linear"],
    )
    def test_every_alias_is_the_same_class(self, alias: str) -> None:
        assert known(alias) is known("torch.nn.Linear")

    def test_what_is_no_module_is_not_known(self) -> None:
        assert catalogue.module_class("torch.nn.Parameter") is None
        assert catalogue.module_class("torch.nn.functional.linear") is None

    def test_constructor(self) -> None:
        linear = known("torch.nn.Linear")
        assert linear.parameters[:3] == ("in_features", "out_features", "bias")
        assert linear.defaults["bias"] is True

    def test_constructor_behind_star_args(self) -> None:
        assert known("torch.nn.LSTM").parameters[:3] == ("input_size", "hidden_size", "num_layers")

    def test_bases(self) -> None:
        assert known("torch.nn.BatchNorm2d").bases == (
            "torch.nn.modules.batchnorm._BatchNorm",
            "torch.nn.modules.batchnorm._NormBase",
            "torch.nn.Module",
        )

    def test_lazy(self) -> None:
        assert known("torch.nn.LazyLinear").lazy
        assert not known("torch.nn.Linear").lazy
        assert shapes("torch.nn.LazyLinear", out_features=3) == {"weight": None, "bias": None}

    @pytest.mark.parametrize("name", ["Sequential", "ModuleList", "ModuleDict", "ParameterList"])
    def test_containers_have_no_slots_of_their_own(self, name: str) -> None:
        assert slots(f"torch.nn.{name}") == {}

    def test_slots_of_what_could_not_be_constructed_are_not_known(self) -> None:
        assert known("torch.nn.parallel.DistributedDataParallel").slots({}) is None


class TestSlots:
    def test_linear(self) -> None:
        made = slots("torch.nn.Linear", in_features=3, out_features=4)
        assert made == {
            "weight": Slot("weight", "parameter", (4, 3)),
            "bias": Slot("bias", "parameter", (4,)),
        }

    def test_a_size_that_is_not_known_keeps_its_name(self) -> None:
        assert shapes("torch.nn.Linear", in_features=3) == {
            "weight": ("out_features", 3),
            "bias": ("out_features",),
        }

    def test_bias_false_leaves_a_slot_that_holds_none(self) -> None:
        assert kinds("torch.nn.Linear", bias=False) == {"weight": "parameter", "bias": "none"}

    def test_an_unknown_argument_leaves_the_slot_undecided(self) -> None:
        undecided = slots("torch.nn.Linear", bias=UNKNOWN)["bias"]
        assert undecided == Slot("bias", "parameter?", ("out_features",))

    def test_a_given_argument_decides_without_its_value(self) -> None:
        assert kinds("torch.nn.Linear", bias=GIVEN)["bias"] == "parameter"

    def test_batch_norm_without_parameters(self) -> None:
        made = kinds("torch.nn.BatchNorm1d", num_features=3, affine=False)
        assert (made["weight"], made["bias"]) == ("none", "none")
        assert made["running_mean"] == "buffer"

    def test_batch_norm_without_statistics(self) -> None:
        made = kinds("torch.nn.BatchNorm1d", num_features=3, track_running_stats=False)
        assert made["running_mean"] == made["num_batches_tracked"] == "none-buffer"
        assert made["weight"] == "parameter"

    def test_an_undecided_buffer_is_no_parameter(self) -> None:
        made = kinds("torch.nn.BatchNorm1d", track_running_stats=UNKNOWN)
        assert made["running_mean"] == "buffer?"

    def test_the_weight_of_a_loss_is_a_buffer(self) -> None:
        assert kinds("torch.nn.CrossEntropyLoss") == {"weight": "none-buffer"}
        assert kinds("torch.nn.CrossEntropyLoss", weight=GIVEN) == {"weight": "buffer"}

    def test_layer_norm_has_the_shape_that_it_was_given(self) -> None:
        assert shapes("torch.nn.LayerNorm", normalized_shape=7)["weight"] == (7,)
        assert shapes("torch.nn.LayerNorm", normalized_shape=[5, 7])["weight"] == (5, 7)
        assert shapes("torch.nn.LayerNorm", normalized_shape=UNKNOWN)["weight"] is None

    def test_groups_and_kernels_of_a_convolution(self) -> None:
        made = shapes("torch.nn.Conv2d", in_channels=4, out_channels=6, kernel_size=3, groups=2)
        assert made["weight"] == (6, 2, 3, 3)
        made = shapes("torch.nn.ConvTranspose2d", in_channels=4, out_channels=6, kernel_size=(3, 5))
        assert made["weight"] == (4, 6, 3, 5)

    def test_lstm_of_two_layers_and_directions(self) -> None:
        made = shapes(
            "torch.nn.LSTM", input_size=3, hidden_size=5, num_layers=2, bidirectional=True
        )
        assert len(made) == 16
        assert made["weight_ih_l0"] == made["weight_ih_l0_reverse"] == (20, 3)
        assert made["weight_ih_l1"] == made["weight_ih_l1_reverse"] == (20, 10)
        assert made["weight_hh_l1"] == (20, 5)

    def test_layers_of_unknown_number_are_undecided_after_the_first(self) -> None:
        made = kinds("torch.nn.GRU", num_layers=UNKNOWN)
        assert made["weight_ih_l0"] == "parameter"
        assert made["weight_ih_l1"] == "parameter?"

    def test_projections_of_attention(self) -> None:
        alike = slots("torch.nn.MultiheadAttention", embed_dim=8, num_heads=2)
        assert alike["in_proj_weight"].shape == (24, 8)
        assert alike["q_proj_weight"].kind == "none"
        assert "bias_k" not in alike
        assert alike["out_proj"].module == "torch.nn.modules.linear.NonDynamicallyQuantizableLinear"
        # A ``kdim`` that equals ``embed_dim`` is as good as none.
        own = slots("torch.nn.MultiheadAttention", embed_dim=8, num_heads=2, kdim=4)
        assert own["in_proj_weight"].kind == own["k_proj_weight"].kind == "parameter?"

    def test_submodules(self) -> None:
        made = slots("torch.nn.TransformerEncoderLayer", d_model=8, nhead=2)
        assert made["self_attn"] == Slot(
            "self_attn", "module", module="torch.nn.MultiheadAttention"
        )

    def test_a_submodule_that_was_given_is_of_any_class(self) -> None:
        given = slots("torch.nn.Transformer", custom_encoder=GIVEN)["encoder"]
        assert given == Slot("encoder", "module")
        perhaps = slots("torch.nn.Transformer", custom_encoder=UNKNOWN)["encoder"]
        assert perhaps == Slot("encoder", "module")
        own = slots("torch.nn.Transformer")["encoder"]
        assert own == Slot("encoder", "module", module="torch.nn.TransformerEncoder")

    def test_a_slot_that_is_there_in_any_case_is_not_undecided(self) -> None:
        made = slots("torch.nn.LSTM", input_size=3, hidden_size=5, proj_size=UNKNOWN)
        assert made["weight_hh_l0"] == Slot("weight_hh_l0", "parameter", None)

    def test_frozen(self) -> None:
        assert slots("torch.nn.Embedding")["weight"].trainable
        assert not slots("torch.nn.Embedding", _freeze=True)["weight"].trainable

    def test_absurd_numbers_of_layers_do_no_harm(self) -> None:
        assert len(slots("torch.nn.RNN", num_layers=100_000)) < 1000


class TestSlotNames:
    @pytest.mark.parametrize("name", ["weight", "bias", "in_proj_weight", "weight_ih_l3_reverse"])
    def test_parameters_of_stock_layers(self, name: str) -> None:
        assert catalogue.is_stock_slot(name)

    @pytest.mark.parametrize("name", ["running_mean", "w", "weights", "self_attn", "weight_ih_l"])
    def test_other_names(self, name: str) -> None:
        assert not catalogue.is_stock_slot(name)


class TestCalls:
    @pytest.mark.parametrize(
        ("name", "result"),
        [
            ("torch.randn", Result.NEW),
            ("torch.from_numpy", Result.NEW),
            ("torch.tensor", Result.NEW),
            ("torch.special.expit", Result.NEW),
            ("torch.linalg.norm", Result.NEW),
            ("torch.fft.fft", Result.NEW),
            ("torch.nn.functional.relu", Result.NEW),
            ("torch.nn.functional.max_pool2d", Result.NEW),
            ("torch.nn.functional.dropout", Result.MAYBE_SELF),
            ("torch.nn.functional.relu_", Result.IN_PLACE),
            ("torch.as_tensor", Result.MAYBE_SELF),
            ("torch.transpose", Result.VIEW),
            ("torch.autograd.Variable", Result.VIEW),
            ("torch.nn.init.normal_", Result.SELF),
            ("torch.nn.init.xavier_uniform", Result.SELF),
            ("torch.split", Result.TUPLE),
            ("torch.nn.functional.multi_head_attention_forward", Result.TUPLE),
            ("torch.numel", Result.OTHER),
            ("torch.nn.utils.parameters_to_vector", Result.NEW),
            ("torch.nn.utils.vector_to_parameters", Result.NONE),
            ("torch.Tensor.add_", Result.IN_PLACE),
            ("torch.Tensor.unheard_of", None),
            ("torch.load", None),
        ],
    )
    def test_functions(self, name: str, result: Result | None) -> None:
        assert catalogue.function(name) is result

    @pytest.mark.parametrize(
        ("name", "result"),
        [
            ("clone", Result.NEW),
            ("where", Result.NEW),
            ("clamp", Result.NEW),
            ("t", Result.VIEW),
            ("expand", Result.VIEW),
            ("reshape", Result.VIEW),
            ("detach", Result.VIEW),
            ("requires_grad_", Result.SELF),
            ("share_memory_", Result.SELF),
            ("to", Result.MAYBE_SELF),
            ("cuda", Result.MAYBE_SELF),
            ("cpu", Result.MAYBE_SELF),
            ("half", Result.MAYBE_SELF),
            ("contiguous", Result.MAYBE_SELF),
            ("type_as", Result.MAYBE_SELF),
            ("add_", Result.IN_PLACE),
            ("normal_", Result.IN_PLACE),
            ("copy_", Result.IN_PLACE),
            ("bitwise_not_", Result.IN_PLACE),
            ("topk", Result.TUPLE),
            ("size", Result.OTHER),
            ("numpy", Result.OTHER),
            ("item", Result.OTHER),
            ("backward", Result.NONE),
            ("data", None),
        ],
    )
    def test_methods(self, name: str, result: Result | None) -> None:
        assert catalogue.method(name) is result

    @pytest.mark.parametrize(
        ("name", "result"),
        [
            ("data", Result.VIEW),
            ("T", Result.VIEW),
            ("grad", Result.NEW),
            ("real", Result.MAYBE_SELF),
            ("shape", Result.OTHER),
            ("clone", None),
        ],
    )
    def test_attributes(self, name: str, result: Result | None) -> None:
        assert catalogue.attribute(name) is result

    @pytest.mark.parametrize(
        "name", ["torch.randint", "torch.argmax", "torch.randperm", "long", "bool", "eq", "gcd"]
    )
    def test_always_integer(self, name: str) -> None:
        assert catalogue.integer_result(name) is True

    @pytest.mark.parametrize(
        "name", ["torch.arange", "torch.full", "torch.tensor", "sum", "add", "bincount", "resize_"]
    )
    def test_not_always_integer(self, name: str) -> None:
        assert catalogue.integer_result(name) is False

    def test_integer_is_not_known_of_what_is_not_known(self) -> None:
        assert catalogue.integer_result("torch.load") is None

    @pytest.mark.parametrize(
        "name", ["detach", "detach_", "data", "argmax", "long", "torch.zeros_like", "new_tensor"]
    )
    def test_grad_free(self, name: str) -> None:
        assert catalogue.grad_free(name)

    @pytest.mark.parametrize("name", ["clone", "t", "to", "add_", "torch.where", "torch.randn"])
    def test_not_grad_free(self, name: str) -> None:
        assert not catalogue.grad_free(name)

    @pytest.mark.parametrize(
        "name", ["torch.randn", "torch.tensor", "torch.zeros_like", "torch.normal", "new_full"]
    )
    def test_takes_requires_grad(self, name: str) -> None:
        assert catalogue.creates_leaf(name)

    @pytest.mark.parametrize("name", ["torch.from_numpy", "torch.as_tensor", "clone"])
    def test_does_not_take_requires_grad(self, name: str) -> None:
        assert not catalogue.creates_leaf(name)

    def test_arguments_that_make_it_a_tuple(self) -> None:
        assert "dim" in catalogue.tuple_with("max")
        assert "return_inverse" in catalogue.tuple_with("torch.unique")
        assert catalogue.tuple_with("amax") == frozenset()


class TestOtherNames:
    def test_optimizers(self) -> None:
        assert catalogue.optimizer_class("torch.optim.Adam")
        assert catalogue.optimizer_class("torch.optim.adam.Adam")
        assert not catalogue.optimizer_class("torch.optim.lr_scheduler.StepLR")

    def test_dtypes(self) -> None:
        assert catalogue.dtype_is_integer("torch.long") is True
        assert catalogue.dtype_is_integer("torch.bool") is True
        assert catalogue.dtype_is_integer("torch.bfloat16") is False
        assert catalogue.dtype_is_integer("torch.Tensor") is None

    def test_tensor_classes(self) -> None:
        assert catalogue.tensor_class("torch.nn.parameter.Parameter") == "torch.nn.Parameter"
        lazy = "torch.nn.parameter.UninitializedParameter"
        assert catalogue.tensor_class(lazy) == "torch.nn.UninitializedParameter"
        assert catalogue.tensor_class("torch.nn.Linear") is None


def installed(package: str) -> str | None:
    """The installed release, without the build's suffix."""
    try:
        return version(package).split("+")[0]
    except PackageNotFoundError:
        return None


NEEDED = f"torch {catalogue.torch_version()}, numpy and Python 3.11"
same_torch = pytest.mark.skipif(
    installed("torch") != catalogue.torch_version()
    or not installed("numpy")
    or sys.version_info < (3, 11),
    reason=f"needs {NEEDED}; here: {installed('torch')}, {installed('numpy')}, {sys.version[:6]}",
)


@same_torch
class TestObjects:
    """An object has just the slots, of the shapes, that the catalogue tells."""

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("Linear", {"in_features": 3, "out_features": 5}),
            ("Linear", {"in_features": 3, "out_features": 5, "bias": False}),
            ("Bilinear", {"in1_features": 3, "in2_features": 5, "out_features": 7}),
            ("Conv1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "groups": 2}),
            ("Conv3d", {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3, 5)}),
            ("ConvTranspose1d", {"in_channels": 4, "out_channels": 6, "kernel_size": (3,)}),
            ("BatchNorm2d", {"num_features": 3, "affine": False}),
            ("BatchNorm2d", {"num_features": 3, "track_running_stats": False}),
            ("InstanceNorm1d", {"num_features": 3, "affine": True}),
            ("GroupNorm", {"num_groups": 2, "num_channels": 6}),
            ("LayerNorm", {"normalized_shape": (3, 5), "bias": False}),
            ("RMSNorm", {"normalized_shape": 3}),
            ("PReLU", {"num_parameters": 3}),
            ("Embedding", {"num_embeddings": 7, "embedding_dim": 3, "padding_idx": 0}),
            ("EmbeddingBag", {"num_embeddings": 7, "embedding_dim": 3}),
            ("RNN", {"input_size": 3, "hidden_size": 5, "num_layers": 3, "bias": False}),
            ("GRU", {"input_size": 3, "hidden_size": 5, "bidirectional": True}),
            ("LSTM", {"input_size": 3, "hidden_size": 5, "num_layers": 2, "proj_size": 2}),
            ("LSTMCell", {"input_size": 3, "hidden_size": 5}),
            ("MultiheadAttention", {"embed_dim": 8, "num_heads": 2, "add_bias_kv": True}),
            ("TransformerDecoderLayer", {"d_model": 8, "nhead": 2}),
            ("BCEWithLogitsLoss", {}),
            ("ReLU", {}),
        ],
        ids=str,
    )
    def test_registers_the_same(self, name: str, arguments: dict[str, Any]) -> None:
        torch = pytest.importorskip("torch")
        module = getattr(torch.nn, name)(**arguments)
        registered: dict[str, tuple[str, object]] = {}
        for slot, parameter in module._parameters.items():
            shape = None if parameter is None else tuple(parameter.shape)
            registered[slot] = ("none" if parameter is None else "parameter", shape)
        for slot, buffer in module._buffers.items():
            shape = None if buffer is None else tuple(buffer.shape)
            registered[slot] = ("none-buffer" if buffer is None else "buffer", shape)
        registered |= dict.fromkeys(module._modules, ("module", None))

        told = slots(f"torch.nn.{name}", **arguments).values()
        assert {slot.name: (slot.kind, slot.shape) for slot in told} == registered


class TestData:
    def test_it_is_written_as_the_command_writes_it(self) -> None:
        text = catalogue.DATA.read_text(encoding="utf-8")
        assert render(json.loads(text)) == text

    def test_reading_it_needs_no_torch(self) -> None:
        script = (
            "import sys; from flake8_paramassign import catalogue;"
            "import flake8_paramassign.catalogue.generate.__main__;"
            "assert catalogue.function('torch.randn'); assert 'torch' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", script], check=True)

    def test_a_tampered_entry_is_noticed(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        text = catalogue.DATA.read_text(encoding="utf-8")
        tampered = tmp_path / "torch.json"
        monkeypatch.setattr(command, "DATA", tampered)
        monkeypatch.setattr(command, "collect", lambda: json.loads(text))

        tampered.write_text(text, encoding="utf-8")
        assert command.main(["--check"]) == 0
        assert capsys.readouterr().out == ""

        entry, wrong = '"torch.randn": "new leaf"', '"torch.randn": "view"'
        assert entry in text
        tampered.write_text(text.replace(entry, wrong), encoding="utf-8")
        assert command.main(["--check"]) == 1
        differing = capsys.readouterr().out.splitlines()[3:]
        assert differing == [f"-{wrong},", f"+{entry},"]
        assert wrong in tampered.read_text(encoding="utf-8")

        assert command.main([]) == 0
        assert tampered.read_text(encoding="utf-8") == text

    @same_torch
    def test_it_is_what_the_installed_torch_does(self) -> None:
        command = [sys.executable, "-m", "flake8_paramassign.catalogue.generate", "--check"]
        check = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (check.returncode, check.stdout) == (0, ""), check.stderr
