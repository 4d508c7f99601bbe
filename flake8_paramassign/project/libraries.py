"""What is known by name of other libraries that PyTorch programs use.

Only facts that their documentation states: which of their classes are ``nn.Module``, which of
their functions make one. All else of another library is unknown.
"""

from __future__ import annotations

import re

_PACKAGES = (
    "torch", "timm", "transformers", "diffusers", "segmentation_models_pytorch", "monai", "kornia"
)  # fmt: skip
"""How the names of those begin of which anything is said here, or in the catalogue."""
_BASES = frozenset(["LightningModule", "PreTrainedModel", "ModelMixin", "MessagePassing"])
"""Classes that are known from wherever they come."""
_MODULES = re.compile(
    rf"""
      (^|\.)({"|".join(sorted(_BASES))})$
    | ^transformers\.(?!.*\bDataCollator|cache_utils\.)
      .*\.?[A-Z]\w*(Model|For[A-Z]\w+|Layer|Attention|MLP|Encoder|Decoder)$
    | ^(timm\.models|timm\.layers|torchvision\.models|torchvision\.ops|torch_geometric\.nn
       |segmentation_models_pytorch|monai\.networks|kornia\.augmentation)\..*\b[A-Z]\w*
      (?<!Weights)(?<!WeightsEnum)(?<!Config)(?<!Cfg)(?<!Type)(?<!Info)(?<!ImageList)(?<!Index)
      (?<!Loader)(?<!Output)(?<!LR)(?<!Args)(?<!Fn)(?<!Function)(?<!Builder)(?<!Format)(?<!Hooks)$
    """,
    re.VERBOSE,
)
"""Classes that derive from ``nn.Module``: base classes by their one name, families by package.

What beside them lies in these packages is told by its name: enumerations of weights, settings.
"""
_MODULE_MAKERS = re.compile(
    r"""^(torchvision\.models\.
        ((detection|segmentation|video|optical_flow|quantization)\.)?
        ((alexnet|convnext|densenet|efficientnet|googlenet|inception|maxvit|mnasnet|mobilenet\w*
         |regnet|resnet|shufflenetv2|squeezenet|swin_transformer|vgg|vision_transformer
         |faster_rcnn|fcos|keypoint_rcnn|mask_rcnn|retinanet|ssd|ssdlite|deeplabv3|fcn|lraspp
         |mvit|s3d|raft)\.)?
        (?!get_|list_|interpolate_|shifted_)[a-z]\w*
    |timm\.(models\.)?create_model
    |transformers\.[A-Z]\w*(Model|For[A-Z]\w+)\.from_(pretrained|config))$""",
    re.VERBOSE,
)
"""Functions that return one: the model builders of torchvision and timm, and where they lie."""
_WITH_PARAMETERS = re.compile(
    r"""^(
      transformers\..*
    | (timm|torchvision)\.models\.(?!.*\blayers\.).*
    | torch_geometric\.nn\..*Conv
    | segmentation_models_pytorch\..*
    | monai\.networks\.nets\..*)$
    """,
    re.VERBOSE,
)
"""Those of ``_MODULES`` that have Parameters; others crop, pool, or drop what they are given."""
_PARTS = {
    "timm": frozenset(
        """bn1 blocks classifier conv1 conv_head conv_stem fc features head layer1 layer2 layer3
        layer4 norm patch_embed stages stem
        """.split()
    ),
    "torchvision": frozenset(
        """avgpool backbone bn1 classifier conv1 conv5 conv_proj encoder fc features head heads
        layer1 layer2 layer3 layer4 norm roi_heads rpn stem trunk_output
        """.split()
    ),
    "transformers": frozenset(
        """bert classifier cls decoder embed_tokens embeddings encoder lm_head model
        multi_modal_projector qa_outputs roberta score shared text_model transformer vision_model
        vision_tower visual_projection wte
        """.split()
    ),
}
"""What these libraries call the Modules in theirs, in each class that has such an attribute."""
LOADING = frozenset(["from_pretrained", "from_config", "_from_config", "load_from_checkpoint"])
"""Class methods of the bases of transformers, diffusers and Lightning that give an object."""
_WITHOUT_MODULES = frozenset(
    """abc argparse ast builtins collections ctypes dataclasses datetime enum functools io json
    logging multiprocessing numbers object pathlib pydantic random string threading typing
    typing_extensions unittest weakref numpy pandas keras tensorflow flax jax mlx
    """.split()
)
"""Packages without a torch Module."""
_NO_MODULES = re.compile(
    r"""^(torch\.autograd\.(function\.)?(Function|InplaceFunction|FunctionCtx)
    |torch\.utils\.data\..*|torch\.optim\..*|torch\.distributions\..*|torch\.fx\..*
    |torch\.(Tensor|Generator|dtype|device|Size))$""",
    re.VERBOSE,
)


def is_known(name: str) -> bool:
    """Whether what is called so by its dotted name is, or lies in, a library that is known."""
    return name.startswith(_PACKAGES)


def names_base(text: str) -> bool:
    """Whether a source names a class that is known from wherever it comes."""
    return any(base in text for base in _BASES)


def is_module_class(name: str) -> bool | None:
    """Whether the class called ``name`` derives from ``nn.Module``; None where that is unknown."""
    if _MODULES.search(name):
        return True
    if name.partition(".")[0] in _WITHOUT_MODULES or _NO_MODULES.match(name):
        return False
    return None


def has_parameters(name: str) -> bool:
    """Whether each Module of the class called ``name`` has Parameters."""
    return is_module_class(name) is True and _WITH_PARAMETERS.match(name) is not None


def has_module(name: str, attribute: str) -> bool:
    """Whether ``attribute`` of what a library makes as ``name`` is a Module, where it has one."""
    return attribute in _PARTS.get(name.partition(".")[0], ())


def makes_module(function: str) -> bool:
    """Whether the function surely returns a Module."""
    return _MODULE_MAKERS.match(function) is not None
