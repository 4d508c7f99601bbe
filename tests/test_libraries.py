"""What is known by name of other libraries: which classes are Modules, and what makes them."""

from __future__ import annotations

import pytest

from flake8_paramassign import analyze
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
PARTS = {
    "timm.create_model": """
        bn1 blocks classifier conv1 conv_head conv_stem fc features head layer1 layer2 layer3
        layer4 norm patch_embed stages stem
    """,
    "torchvision.models.resnet50": """
        avgpool backbone bn1 classifier conv1 conv5 conv_proj encoder fc features head heads
        layer1 layer2 layer3 layer4 norm roi_heads rpn stem trunk_output
    """,
    "transformers.AutoModel.from_pretrained": """
        bert classifier cls decoder embed_tokens embeddings encoder lm_head model
        multi_modal_projector qa_outputs roberta score shared text_model transformer vision_model
        vision_tower visual_projection wte
    """,
}


@pytest.mark.parametrize("maker", PARTS)
def test_what_libraries_call_their_modules(maker: str) -> None:
    library = maker.partition(".")[0]
    program = f"import torch\nimport {library}\n{maker}('x').{{}}.requires_grad = False\n"
    assert analyze(program.format("unheard_of")) == []
    assert [name for name in PARTS[maker].split() if not analyze(program.format(name))] == []


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
