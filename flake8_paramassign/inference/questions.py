"""What rules may ask about the text around what happens."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod

from flake8_paramassign.inference.classes import ProjectClass
from flake8_paramassign.inference.events import Frame


class Questions(ABC):
    """Answered by ``Lexical``, from the lines of the file; nothing is run for it."""

    @abstractmethod
    def given_to_optimizer(self, frame: Frame, name: str) -> bool:
        """Whether the class hands ``self.name`` to an optimizer, or collects it for one."""

    @abstractmethod
    def where(self, site: object) -> str:
        """The place of an expression: ``line 12``, ``layers.py line 3``, or nothing."""

    @abstractmethod
    def unregisters(self, name: str) -> bool:
        """Whether the file somewhere takes ``name``, or names it computes, out of a registry."""

    @abstractmethod
    def text_around(self, frame: Frame) -> str:
        """The class of a method, but for its constructor; a function; or the whole file."""

    @abstractmethod
    def text_after(self, frame: Frame, node: ast.AST) -> str:
        """What follows ``node`` in its function, or in the file."""

    @abstractmethod
    def may_lack_grad(self, frame: Frame) -> bool:
        """Whether all calls of the function that this file knows may be without grad mode."""

    @abstractmethod
    def read_by_forward(self, cls: ProjectClass, name: str) -> bool:
        """Whether ``forward`` uses the attribute ``name`` where it lies, and nothing moves it."""

    @abstractmethod
    def changed_later(self, cls: ProjectClass, name: str, frame: Frame) -> bool:
        """Whether code changes ``name`` of an object of ``cls`` other than in its construction.

        The function of ``frame`` may do so from outside.
        """
