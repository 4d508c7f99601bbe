"""PRM001: the file, or a part of it, could not be analysed."""

from __future__ import annotations

from flake8_paramassign.rules.base import Rule


class NotAnalysed(Rule):
    """
    ## What it does
    Says that a file, or a part of it, was not analysed, and why.

    ## Why it is bad
    A clean report would claim more than is known.

    ## Example
    ```python
    self.weight = nn.Parameter(
    ```

    ## Use instead
    ```python
    self.weight = nn.Parameter(torch.zeros(3))
    ```

    ## Fix safety
    There is no fix.

    ## Known limits
    Under flake8 a file that does not parse is E999 and no plugin sees it.

    ## References
    - [ast.parse](https://docs.python.org/3/library/ast.html#ast.parse)
    """

    code = "PRM001"
    name = "not-analysed"
    claim = "the file (or a part of it) could not be analysed; the message says why"
