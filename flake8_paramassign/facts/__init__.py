"""The questions that rules ask, answered from states, objects, and the structure of classes.

``Facts`` is what each rule is handed. The other modules hold a topic each: ``registration`` (what
a Module has), ``training`` (leaves, grad mode, optimizers), ``aliasing`` (whose storage it is),
``uses`` (who reads and writes it), ``wording`` (how a message shows what the user wrote), and
``requirements`` (which versions of a library the project admits).
"""

from __future__ import annotations

from flake8_paramassign.facts.facts import Facts

__all__ = ["Facts"]
