"""Which functions and classes keep the Parameters they are given, as far as names tell."""

from __future__ import annotations

import re
from functools import cache

from flake8_paramassign.inference.values import Instance, Value

_OPTIMIZER_BUILDERS = re.compile(
    r"(build|create|make|get|configure|init|setup)\w*optim|optim\w*(builder|factory)",
    re.IGNORECASE,
)
_NO_OPTIMIZERS = re.compile(
    r"average|ema\b|^EMA|norm|clip|count|scal|vector|flat|iter|list|dict|summary", re.IGNORECASE
)
"""Classes that are given Parameters and do not keep training them."""
SHARDED = ".FullyShardedDataParallel"
"""A wrapper that ``torch.nn`` does not have; it is in ``torch.distributed.fsdp``."""


@cache
def builds_optimizer(name: str) -> tuple[bool, bool]:
    """Whether ``name`` builds an optimizer, given a Module; and whether it may, given a class."""
    builds = _OPTIMIZER_BUILDERS.search(name) is not None
    is_class = name[:1].isupper() and _NO_OPTIMIZERS.search(name) is None
    return builds, is_class


def keeps(wrapper: Value) -> bool:
    """Whether a wrapper holds on to the Parameters it found.

    DataParallel looks them up, and so does the sharded one where it keeps the original ones.
    """
    return isinstance(wrapper, Instance) and wrapper.cls.name.endswith("DistributedDataParallel")
