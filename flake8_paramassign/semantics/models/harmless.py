"""Calls of other libraries that change nothing that matters here, by their documentation.

Whatever they are given is as before: no attribute, slot, flag, storage or grad mode is changed.
The names are those that programs give Modules to most often; see each library's reference.
"""

from __future__ import annotations

FUNCTIONS = frozenset(
    """torch.save torch.manual_seed torch.onnx.export torch.nn.utils.clip_grad_norm_
    torch.nn.utils.clip_grad_value_ torch.nn.utils.parameters_to_vector
    torch.nn.utils.get_total_norm torch.device torch.set_default_dtype torch.load
    torch.autograd.grad torch.autograd.backward torch.utils.tensorboard.SummaryWriter
    torch.utils.checkpoint.checkpoint torch.Generator torch.amp.GradScaler torch.autocast
    torchsummary.summary torchinfo.summary thop.profile wandb.watch wandb.log wandb.init
    copy.copy pickle.dump pickle.dumps sys.exit inspect.signature dataclasses.asdict
    itertools.product itertools.combinations itertools.repeat itertools.count itertools.cycle
    operator.attrgetter tqdm.tqdm tqdm.auto.tqdm tqdm.trange torch.is_floating_point
    torch.is_complex torch.numel torch.get_default_dtype torch.set_printoptions
    torch.set_num_threads torch.typename torch.finfo torch.iinfo torch.Size builtins.object
    builtins.open builtins.property builtins.memoryview builtins.locals
    builtins.globals builtins.Exception builtins.ValueError builtins.TypeError
    builtins.RuntimeError builtins.KeyError builtins.NotImplementedError
    builtins.AssertionError builtins.IndexError builtins.AttributeError contextlib.nullcontext
    contextlib.suppress copy.deepcopy unittest.main pytest.raises
    """.split()
)
PREFIXES = (
    "numpy.", "logging.", "os.", "math.", "time.", "random.", "json.", "re.", "pathlib.",
    "torchvision.transforms.", "matplotlib.", "torch.linalg.", "torch.fft.", "torch.special.",
    "torch.nn.functional.", "torch.cuda.", "torch.backends.", "torch.distributed.", "datetime.",
    "torch.profiler.", "torch.testing.", "torch.random.", "sklearn.", "scipy.", "pandas.",
    "typing.",
    "torch.utils.data.", "torch.optim.lr_scheduler.", "PIL.", "cv2.", "einops.", "collections.",
    "torch.distributions.", "warnings.", "argparse.", "subprocess.", "shutil.", "glob.",
)  # fmt: skip
"""Packages none of whose functions changes a Module that it is given."""
METHODS = frozenset(
    """log log_dict info debug warning warn error critical exception write flush close
    save_hyperparameters add_scalar add_scalars add_histogram add_graph add_image set_description
    set_postfix set_postfix_str get_lr get_last_lr item tolist numpy cpu numel size dim
    update_progress print log_metrics log_hyperparams finish watch add_argument parse_args format
    set_epoch set_grad_enabled join split backward unscale_ scale step zero_grad get_device
    """.split()
)
"""Methods of objects of other libraries (loggers, writers, bars, scalers, schedulers)."""
SELF_METHODS = frozenset(
    """log log_dict save_hyperparameters print all_gather manual_backward optimizers lr_schedulers
    get_extended_attention_mask get_head_mask warn_if_padding
    invert_attention_mask create_extended_attention_mask_for_decoder gradient_checkpointing_enable
    gradient_checkpointing_disable get_input_embeddings get_output_embeddings num_parameters
    register_to_config propagate message aggregate update assertEqual assertTrue assertFalse
    assertAlmostEqual assertIsNone assertIsNotNone assertRaises assertIn fail skipTest logger
    """.split()
)
"""Methods that Lightning, transformers, diffusers, PyG and unittest define for their subclasses."""


def is_harmless(name: str) -> bool:
    """Whether the function called ``name`` changes nothing that it is given."""
    return name in FUNCTIONS or name.startswith(PREFIXES)
