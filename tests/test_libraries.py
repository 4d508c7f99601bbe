"""What is known by name of other libraries: which classes are Modules, and what makes them."""

from __future__ import annotations

import pytest

from flake8_paramassign.project.libraries import is_module_class, makes_module

MODULES = """
    monai.networks.nets.UNet timm.models.VisionTransformer torch_geometric.nn.GCNConv
    torchvision.models.ResNet torchvision.ops.FeaturePyramidNetwork transformers.BertForMaskedLM
    transformers.BertModel transformers.models.bert.modeling_bert.BertLayer
"""
NO_MODULES = """
    monai.networks.schedulers.ddpm.DDPMPredictionType timm.layers.Format
    torch_geometric.nn.L2KNNIndex torch_geometric.nn.models.tgn.LastNeighborLoader
    torchvision.models.ResNet50_Weights torchvision.models.WeightsEnum
    torchvision.models.detection.image_list.ImageList torchvision.models.efficientnet.MBConvConfig
    transformers.DataCollatorForSeq2Seq transformers.cache_utils.DynamicLayer
"""
MAKERS = """
    timm.create_model torchvision.models.resnet50 torchvision.models.resnet.resnet50
    torchvision.models.detection.fasterrcnn_resnet50_fpn torchvision.models.video.r3d_18
    torchvision.models.segmentation.deeplabv3.deeplabv3_resnet50
    transformers.AutoModel.from_pretrained transformers.BertForMaskedLM.from_config
"""
OTHER_FUNCTIONS = """
    torchvision.models.detection.roi_heads.fastrcnn_loss torchvision.models.get_weight
    torchvision.models.detection.transform.resize_boxes torchvision.models.list_models
    torchvision.models.swin_transformer.shifted_window_attention
    torchvision.models.vision_transformer.interpolate_embeddings
    transformers.AutoTokenizer.from_pretrained transformers.BertConfig.from_pretrained
"""


@pytest.mark.parametrize("name", MODULES.split())
def test_a_class_is_a_module(name: str) -> None:
    assert is_module_class(name) is True


@pytest.mark.parametrize("name", NO_MODULES.split())
def test_a_class_beside_modules_is_not_known_to_be_one(name: str) -> None:
    assert is_module_class(name) is None


@pytest.mark.parametrize("name", MAKERS.split())
def test_a_function_makes_a_module(name: str) -> None:
    assert makes_module(name)


@pytest.mark.parametrize("name", OTHER_FUNCTIONS.split())
def test_a_function_beside_them_makes_none(name: str) -> None:
    assert not makes_module(name)
