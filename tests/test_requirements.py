"""Which versions of a library a project admits, by what its own files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_paramassign.facts.requirements import excludes
from flake8_paramassign.surroundings import Surroundings

EXCLUDING = [
    ("requirements.txt", "transformers>=4.40,<5\n"),
    ("requirements.txt", "transformers==4.53.1  # pinned\n"),
    ("requirements-dev.txt", "torch\nTransformers[torch]~=4.4; python_version > '3.9'\n"),
    ("setup.cfg", "install_requires =\n  transformers<5\n"),
    ("setup.py", 'setup(install_requires=["torch", "transformers==4.*"])\n'),
    ("pyproject.toml", '[project]\ndependencies = ["transformers[torch]~=4.4"]\n'),
    ("pyproject.toml", '[tool.poetry.dependencies]\ntransformers = "^4.4"\n'),
    ("pyproject.toml", '[tool.poetry.dependencies]\ntransformers = { version = "4.53" }\n'),
    ("environment.yml", "dependencies:\n  - pip:\n    - transformers==4.5.1\n"),
    ("conda_env.yml", "dependencies:\n  - transformers=4.5\n"),
    ("requirements.txt", "transformers @ git+https://example.org/transformers\n"),
    ("requirements.txt", "git+https://example.org/ours/transformers.git\n"),
    ("uv.lock", '[[package]]\nname = "transformers"\nversion = "4.53.0"\n'),
]
ADMITTING = [
    ("requirements.txt", "torch\n"),
    ("requirements.txt", "transformers\n"),
    ("requirements.txt", "transformers>=4.40\n"),
    ("requirements.txt", "# transformers<5\n"),
    ("requirements.txt", "sentence-transformers<5\ntransformers-stream<5\n"),
    ("setup.py", 'setup(install_requires=["transformers==5.1.0"])\n'),
    ("pyproject.toml", '[tool.poetry.dependencies]\ntransformers = "^5.0"\n'),
    ("pyproject.toml", '[project]\ndependencies = ["transformers>=4,<6"]\n'),
    ("pyproject.toml", "this is no TOML: transformers<5\n"),
]


@pytest.mark.parametrize(("name", "text"), EXCLUDING)
def test_a_version_is_excluded(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    assert excludes(str(folder / "package" / "model.py"), "transformers", 5, Surroundings())


@pytest.mark.parametrize(("name", "text"), ADMITTING)
def test_a_version_is_admitted(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / ".git").mkdir()
    assert not excludes(str(folder / "model.py"), "transformers", 5, Surroundings())


def test_the_nearest_folder_that_names_the_library_counts(folder: Path) -> None:
    (folder / "requirements.txt").write_text("transformers<5\n")
    inner = folder / "project"
    inner.mkdir()
    assert excludes(str(inner / "model.py"), "transformers", 5, Surroundings())
    (inner / "requirements.txt").write_text("transformers>=5\n")
    assert not excludes(str(inner / "model.py"), "transformers", 5, Surroundings())


def test_nothing_outside_the_repository_counts(folder: Path) -> None:
    (folder / "requirements.txt").write_text("transformers<5\n")
    inner = folder / "project"
    (inner / ".git").mkdir(parents=True)
    assert not excludes(str(inner / "model.py"), "transformers", 5, Surroundings())


def test_one_statement_that_admits_a_version_is_enough(folder: Path) -> None:
    (folder / "requirements.txt").write_text("transformers<5\n")
    (folder / "setup.cfg").write_text("install_requires =\n  transformers\n")
    assert not excludes(str(folder / "model.py"), "transformers", 5, Surroundings())
