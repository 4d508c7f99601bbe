"""The pictures of the documentation show what is printed today."""

from __future__ import annotations

from pathlib import Path

import pictures
import pytest

AGAIN = "run: python tests/pictures.py"


def kept(name: str) -> str:
    return pictures.text_in((pictures.IMAGES / name).read_bytes())


def test_that_of_a_terminal() -> None:
    assert kept("terminal.png") == pictures.terminal(), AGAIN


def test_that_of_an_editor() -> None:
    pytest.importorskip("pygls", reason="pygls is not installed")
    version, _, text = kept("neovim.png").partition("\n")
    if pictures.neovim() != version:
        pytest.skip(f"{version} is not installed")
    assert text == pictures.editor(), AGAIN


def test_that_of_a_notebook(folder: Path) -> None:
    pytest.importorskip("IPython", reason="IPython is not installed")
    pytest.importorskip("torch", reason="PyTorch is not installed")
    assert kept("notebook.png") == repr(pictures.notebook()), AGAIN


def test_a_text_is_found_again_in_a_picture() -> None:
    png = (pictures.IMAGES / "terminal.png").read_bytes()
    assert pictures.text_in(pictures.with_text(png, "é\n")) == "é\n"
    assert pictures.text_in(b"") == ""
