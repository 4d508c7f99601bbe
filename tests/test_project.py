"""Classes and functions are found across a project's files, which are parsed and never imported."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from flake8_paramassign import analyze

BASE = """\
    import torch
    from torch import nn

    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

    def converted(x):
        return nn.Parameter(x).to(torch.float64)
"""
CHILD = """\
    import torch
    {imports}

    class Child({base}):
        def forward(self, x):
            self.scale = self.scale * 2
            return x
"""


def found(folder: Path, name: str, files: dict[str, str]) -> list[tuple[str, int]]:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    target = folder / name
    return [(d.code, d.start.line) for d in analyze(target.read_bytes(), str(target))]


def child(imports: str, base: str = "Base") -> str:
    return dedent(CHILD).format(imports=imports, base=base)


@pytest.mark.parametrize("imports", ["from pkg.base import Base", "from ..base import Base"])
def test_a_folder_without_init_inside_a_package(tmp_path: Path, imports: str) -> None:
    files = {"pkg/__init__.py": "", "pkg/base.py": BASE, "pkg/sub/child.py": child(imports)}
    assert found(tmp_path, "pkg/sub/child.py", files) == [("PRM101", 6)]


def test_a_folder_below_the_root_of_a_project_that_is_a_package(tmp_path: Path) -> None:
    files = {"a/__init__.py": "", "a/base.py": BASE, "a/setup.py": "", "a/tests/child.py": ""}
    files["a/tests/child.py"] = child("from base import Base")
    assert found(tmp_path, "a/tests/child.py", files) == [("PRM101", 6)]


def test_a_base_class_whose_file_was_analysed_before(tmp_path: Path) -> None:
    files = {"base.py": BASE, "child.py": child("from base import Base")}
    assert found(tmp_path, "base.py", files) == []
    assert found(tmp_path, "child.py", {}) == [("PRM101", 6)]


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        ("from base import Base", "Base"),
        ("from base import Base as Parent", "Parent"),
        ("import base", "base.Base"),
        ("import base as b", "b.Base"),
        ("from base import *", "Base"),
    ],
)
def test_a_base_class_beside_the_file(tmp_path: Path, imports: str, base: str) -> None:
    files = {"base.py": BASE, "child.py": child(imports, base)}
    assert found(tmp_path, "child.py", files) == [("PRM101", 6)]


@pytest.mark.parametrize(
    "imports",
    [
        "from .base import Base",
        "from ..pkg.base import Base",
        "from pkg.base import Base",
        "from pkg import Base",
        "from . import Base",
    ],
)
def test_a_base_class_in_a_package(tmp_path: Path, imports: str) -> None:
    files = {
        "top/__init__.py": "",
        "top/pkg/__init__.py": "from .base import Base",
        "top/pkg/base.py": BASE,
        "top/pkg/child.py": child(imports.replace("from pkg", "from top.pkg")),
    }
    assert found(tmp_path, "top/pkg/child.py", files) == [("PRM101", 6)]


@pytest.mark.parametrize("root", ["", "src/"])
@pytest.mark.parametrize("mark", ["pyproject.toml", "setup.py", "setup.cfg", ".git"])
def test_an_absolute_import_from_the_root_of_the_project(
    tmp_path: Path, mark: str, root: str
) -> None:
    files = {
        mark: "",
        f"{root}lib/__init__.py": "",
        f"{root}lib/base.py": BASE,
        "scripts/train/child.py": child("from lib.base import Base"),
    }
    assert found(tmp_path, "scripts/train/child.py", files) == [("PRM101", 6)]


def test_a_function_of_another_file_says_where_the_value_was_made(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text(dedent(BASE))
    layer = tmp_path / "layer.py"
    layer.write_text(
        dedent("""\
        import torch
        from torch import nn
        from base import converted

        class Layer(nn.Module):
            def __init__(self, x):
                super().__init__()
                self.w = converted(x)
        """)
    )
    (finding,) = analyze(layer.read_bytes(), str(layer))
    assert (finding.code, finding.start.line) == ("PRM102", 8)
    assert "base.py:10" in finding.message


@pytest.mark.parametrize(
    ("base", "why"),
    [
        (None, "there is no such file"),
        ("class Base(", "it does not parse"),
        ("from child import Child as Base", "files import each other in a circle"),
        ("from base import Base", "a name imports itself"),
        ("class Base: pass", "the base is no Module"),
        ("Base = make()", "the base is computed"),
    ],
)
def test_a_base_class_that_cannot_be_told_is_silent(
    tmp_path: Path, base: str | None, why: str
) -> None:
    files = {"child.py": child("from base import Base")}
    if base is not None:
        files["base.py"] = base
    assert found(tmp_path, "child.py", files) == [], why


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("make().scale = torch.ones(3)", "PRM101"),
        ("Base().scale[0] = 1", "PRM301"),
        ("make().scale.mul_(2)", "PRM301"),
    ],
)
def test_what_is_made_in_another_file(tmp_path: Path, statement: str, code: str) -> None:
    base = dedent(BASE) + "\ndef make():\n    return Base()\n"
    use = f"import torch\nfrom base import Base, make\n\ndef f():\n    {statement}\n"
    assert found(tmp_path, "use.py", {"base.py": base, "use.py": use}) == [(code, 5)]


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    files = {"base.py": "class Base: pass", "child.py": child("from base import Base")}
    assert found(tmp_path, "child.py", files) == []
    assert found(tmp_path, "child.py", {"base.py": BASE}) == [("PRM101", 6)]


def test_a_name_is_found_behind_many_star_imports(tmp_path: Path) -> None:
    stars = [f"other{number}" for number in range(30)]
    package = "".join(f"from .{name} import *\n" for name in [*stars, "base"])
    files = {f"package/{name}.py": "" for name in stars}
    files |= {"package/__init__.py": package, "package/base.py": BASE}
    files["child.py"] = child("from package import Base")

    assert found(tmp_path, "child.py", files) == [("PRM101", 6)]


def test_it_does_not_matter_which_file_comes_first(tmp_path: Path) -> None:
    files = {"base.py": BASE, "child.py": child("from base import Base")}
    before = found(tmp_path, "child.py", files)

    assert before == [("PRM101", 6)]
    assert found(tmp_path, "base.py", {}) == []
    assert found(tmp_path, "child.py", {}) == before


def test_the_project_is_parsed_and_not_imported(tmp_path: Path) -> None:
    files = {
        "base.py": dedent(BASE) + "raise SystemExit\n",
        "child.py": child("from base import Base"),
    }
    assert found(tmp_path, "child.py", files) == [("PRM101", 6)]


def test_what_a_class_does_wrong_is_told_in_its_own_file(tmp_path: Path) -> None:
    files = {
        "generator.py": """\
            from torch import nn
            from torch.nn.utils import remove_weight_norm, weight_norm

            def initialise(m):
                m.weight.data.normal_(0.0, 0.01)

            class Generator(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.convs = nn.ModuleList([weight_norm(nn.Conv1d(3, 3, 1))])
                    for conv in self.convs:
                        conv.apply(initialise)

                def remove_weight_norm(self):
                    for conv in self.convs:
                        remove_weight_norm(conv)
        """,
        "inference.py": """\
            import torch
            from generator import Generator

            def main():
                generator = Generator()
                generator.remove_weight_norm()
                return sum(p.numel() for p in generator.parameters())
        """,
    }
    assert found(tmp_path, "inference.py", files) == []
    assert [code for code, _ in found(tmp_path, "generator.py", {})] == ["PRM204"]


def test_files_may_import_all_of_each_other(tmp_path: Path) -> None:
    imports = "from one import *\nfrom two import *"
    files = {
        "one.py": "from two import *\nfrom base import *\n",
        "two.py": "from one import *\n",
        "base.py": BASE,
        "child.py": child(imports),
        "other.py": child(imports, "Absent"),
    }
    assert [code for code, _ in found(tmp_path, "child.py", files)] == ["PRM101"]
    assert found(tmp_path, "other.py", files) == []
