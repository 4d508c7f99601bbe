"""Where the file has no name for `torch` or `nn`, they are imported where a person would.

In each source, HERE stands where the name is needed.
"""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from fix_fakes import place

from flake8_paramassign.fixes.edits import Text
from flake8_paramassign.fixes.imports import NoFreeName, name_for


def written(source: str, dotted: str) -> str:
    """Return the source with HERE replaced by what stands for `dotted`, and imports added."""
    text = dedent(source)
    at = place(text, text.index("HERE"))
    name, edits = name_for(text, ast.parse(text), dotted, at)
    return Text(text).apply(edits).text.replace("HERE", name)


NOT_MADE = {
    "for type checkers": "if TYPE_CHECKING:\n    import torch\nHERE",
    "for type checkers, qualified": "if typing.TYPE_CHECKING:\n    import torch\nHERE",
    "below": "HERE\nimport torch",
    "in another function": "def g():\n    import torch\nHERE",
    "in the other arm": "if x:\n    import torch\nelse:\n    HERE",
    "in a handler": "try:\n    import torch\nexcept E:\n    HERE",
    "in an arm of the function": "def f():\n    if x:\n        import torch\n    HERE",
    "below in the function": "def f():\n    HERE\n    import torch",
}


@pytest.mark.parametrize("source", NOT_MADE.values(), ids=NOT_MADE)
def test_an_import_that_is_not_made_is_not_used(source: str) -> None:
    assert "import torch" in source

    result = written(f"{source}\n", "torch.no_grad")

    assert result.count("import torch") == 2 or "pytorch" in result


ADDED = {
    "beside others, in order": """
        import numpy as np
        import yaml

        HERE
        ---
        import numpy as np
        import torch
        import yaml

        torch.no_grad
    """,
    "before from-imports": """
        from PIL import Image

        HERE
        ---
        import torch
        from PIL import Image

        torch.no_grad
    """,
    "sorted by module, whatever the form": """
        import attr
        from PIL import Image
        import yaml
        import zmq

        HERE
        ---
        import attr
        from PIL import Image
        import torch
        import yaml
        import zmq

        torch.no_grad
    """,
    "in the group of what is neither standard nor local": """
        import os

        import numpy as np

        from . import local

        HERE
        ---
        import os

        import numpy as np
        import torch

        from . import local

        torch.no_grad
    """,
    "in one group with the standard library": """
        import os
        import sys
        import yaml
        HERE
        ---
        import os
        import sys
        import torch
        import yaml
        torch.no_grad
    """,
    "after the standard library": """
        import os
        import sys

        from . import local

        HERE
        ---
        import os
        import sys

        import torch

        from . import local

        torch.no_grad
    """,
    "after the standard library, code close behind": """
        import os
        HERE
        ---
        import os

        import torch

        torch.no_grad
    """,
    "before what is local": """
        from . import local

        HERE
        ---
        import torch

        from . import local

        torch.no_grad
    """,
    "after __future__": '''
        """What it is."""
        from __future__ import annotations

        HERE
        ---
        """What it is."""
        from __future__ import annotations

        import torch

        torch.no_grad
    ''',
    "after the docstring": '''
        """What
        it is."""

        def f():
            HERE
        ---
        """What
        it is."""

        import torch


        def f():
            torch.no_grad
    ''',
    "after the docstring, code close behind": '''
        """What it is."""
        HERE
        ---
        """What it is."""

        import torch

        torch.no_grad
    ''',
    "after the comment that begins the file": """
        #!/usr/bin/env python
        # Copyright: nobody's.
        HERE
        ---
        #!/usr/bin/env python
        # Copyright: nobody's.

        import torch

        torch.no_grad
    """,
    "before a comment that belongs to the code": """
        # Copyright: nobody's.

        # Why.
        HERE
        ---
        # Copyright: nobody's.

        import torch

        # Why.
        torch.no_grad
    """,
    "before a decorated function": """
        @d
        def f():
            HERE
        ---
        import torch


        @d
        def f():
            torch.no_grad
    """,
    "not in the middle of the file": """
        import yaml
        yaml.load()
        import xarray

        HERE
        ---
        import torch
        import yaml
        yaml.load()
        import xarray

        torch.no_grad
    """,
    "beside another import of torch where no order shows": """
        import zlib
        from torch.utils.data import DataLoader
        import attr
        HERE
        ---
        import zlib
        import torch
        from torch.utils.data import DataLoader
        import attr
        torch.no_grad
    """,
    "within the try of another import of torch": """
        try:
            from torch.utils.data import DataLoader
        except ImportError:
            DataLoader = None

        HERE
        ---
        try:
            import torch
            from torch.utils.data import DataLoader
        except ImportError:
            DataLoader = None

        torch.no_grad
    """,
    "within the function that imports torch": """
        import os

        def f():
            from torch.utils.data import DataLoader
            HERE
        ---
        import os

        def f():
            import torch
            from torch.utils.data import DataLoader
            torch.no_grad
    """,
    "on the line of another import": """
        try: import torch.optim as optim
        except ImportError: pass
        HERE
        ---
        try: import torch; import torch.optim as optim
        except ImportError: pass
        torch.no_grad
    """,
    "on the line of the docstring": '''
        """What it is."""; HERE
        ---
        """What it is."""; import torch; torch.no_grad
    ''',
    "on the line of the standard library": """
        import os; HERE
        ---
        import os; import torch; torch.no_grad
    """,
    "not among what comes from torch": """
        from torch import Tensor

        HERE
        ---
        import torch
        from torch import Tensor

        torch.no_grad
    """,
    "on a line of its own, without the form feed of another": """
        \x0cimport numpy as np
        HERE
        ---
        \x0cimport numpy as np
        import torch
        torch.no_grad
    """,
    "after an import over several lines": """
        from attr import (
            define,
        )
        import yaml

        HERE
        ---
        from attr import (
            define,
        )
        import torch
        import yaml

        torch.no_grad
    """,
}


@pytest.mark.parametrize("case", ADDED.values(), ids=ADDED)
def test_an_import_is_added_where_a_person_would(case: str) -> None:
    before, after = dedent(case).removeprefix("\n").split("---\n")

    assert written(before, "torch.no_grad") == after
    ast.parse(after)


STYLES = {
    "from torch import nn": """
        import os

        HERE
        ---
        import os

        from torch import nn

        nn.Parameter
    """,
    "as the file imports other parts of torch": """
        import torch.nn.functional as F

        HERE
        ---
        import torch.nn as nn
        import torch.nn.functional as F

        nn.Parameter
    """,
    "added to what comes from torch": """
        from torch import Tensor, optim

        HERE
        ---
        from torch import Tensor, nn, optim

        nn.Parameter
    """,
    "by its own name, where others of torch.nn are": """
        from torch.nn import Linear, Module

        HERE
        ---
        from torch.nn import Linear, Module, Parameter

        Parameter
    """,
    "in order": """
        from torch.nn import Linear, functional

        HERE
        ---
        from torch.nn import Linear, Parameter, functional

        Parameter
    """,
    "without an order": """
        from torch.nn import Sequential, Linear

        HERE
        ---
        from torch.nn import Sequential, Linear, Parameter

        Parameter
    """,
    "one on each line": """
        from torch.nn import (
            Linear,
            Module,  # the base
        )

        HERE
        ---
        from torch.nn import (
            Linear,
            Parameter,
            Module,  # the base
        )

        Parameter
    """,
    "one on each line, at the end": """
        from torch.nn import (
            Linear,
            Module
        )

        HERE
        ---
        from torch.nn import (
            Linear,
            Module,
            Parameter
        )

        Parameter
    """,
    "one on each line, in order": """
        from torch.nn import (
            Linear,
            Sequential,
        )

        HERE
        ---
        from torch.nn import (
            Linear,
            Parameter,
            Sequential,
        )

        Parameter
    """,
    "several on each line": """
        from torch.nn import (
            Linear, Module,
            Sequential, Tanh,
        )

        HERE
        ---
        from torch.nn import (
            Linear, Module,
            Parameter, Sequential, Tanh,
        )

        Parameter
    """,
    "not to a star": """
        from torch.nn import *

        HERE
        ---
        from torch import nn
        from torch.nn import *

        nn.Parameter
    """,
    "not to one for type checkers": """
        if TYPE_CHECKING:
            from torch.nn import Module

        HERE
        ---
        from torch import nn

        if TYPE_CHECKING:
            from torch.nn import Module

        nn.Parameter
    """,
    "with nn taken": """
        nn = 3
        HERE
        ---
        import torch

        nn = 3
        torch.nn.Parameter
    """,
    "with nn and torch taken": """
        def f(nn, torch):
            HERE
        ---
        from torch import nn as torch_nn


        def f(nn, torch):
            torch_nn.Parameter
    """,
}


@pytest.mark.parametrize("case", STYLES.values(), ids=STYLES)
def test_an_import_has_the_style_of_the_file(case: str) -> None:
    before, after = dedent(case).removeprefix("\n").split("---\n")

    assert written(before, "torch.nn.Parameter") == after
    ast.parse(after)


def test_an_import_on_a_last_line_without_an_end_is_stood_above() -> None:
    assert written("def f():\n    HERE\n\nimport torch.autograd as g", "torch.nn") == (
        "def f():\n    nn\n\nimport torch.nn as nn\nimport torch.autograd as g"
    )


def test_where_torch_is_taken_it_gets_another_name() -> None:
    assert written("def f(torch):\n    HERE\n", "torch.no_grad") == (
        "import torch as pytorch\n\n\ndef f(torch):\n    pytorch.no_grad\n"
    )


def test_where_every_name_is_taken_it_says_so() -> None:
    with pytest.raises(NoFreeName, match="'torch' is the name of something else here"):
        written("def f(torch, pytorch):\n    HERE\n", "torch.no_grad")


def test_two_places_that_need_an_import_ask_for_the_same_edit() -> None:
    text = "import os\n\nHERE\ndef f():\n    HERE\n"
    tree = ast.parse(text)

    first = name_for(text, tree, "torch", place(text, text.index("HERE")))
    second = name_for(text, tree, "torch", place(text, text.rindex("HERE")))

    assert first == second
    assert first[1]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_positions_count_code_points_whatever_ends_the_lines(newline: str) -> None:
    source = newline.join(["s = '🎉é'; from torch.nn import Linear; HERE", ""])

    assert written(source, "torch.nn.Parameter") == source.replace(
        "Linear", "Linear, Parameter"
    ).replace("HERE", "Parameter")
