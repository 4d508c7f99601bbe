"""Pictures of the documentation, from real output: ``python tests/pictures.py`` takes them anew.

Needs Chromium, for the editor Neovim and pygls, for the notebook IPython and PyTorch. A picture
holds the text that it was made from, so that a test can tell whether it is still what is printed.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from html import escape
from pathlib import Path

from readme import EXAMPLE

from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.output import colour, render

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
CELLS = (
    "%load_ext flake8_paramassign",
    "import torch\nfrom torch import nn\n\nlayer = nn.Linear(10, 5)",
    "layer.weight = torch.zeros(5, 10)",
)
_COLUMNS = 110
_LINE = 20
_KEYWORD = b"paramassign"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_STYLE = """
body { margin: 0; font: 13px/20px "DejaVu Sans Mono", monospace }
.terminal { background: #16181d; color: #d8dae0; padding: 16px 20px; white-space: pre-wrap;
            min-height: 100vh; box-sizing: border-box }
.bold { color: white; font-weight: bold } .red { color: #ff6b6b; font-weight: bold }
.green { color: #7bd88f }
.page { padding: 16px 20px; width: 110ch } .cell { display: flex; margin-bottom: 8px }
.prompt { color: #307fc1; width: 9ch; flex: none } .shown { margin-left: 9ch }
.source { background: #f5f5f5; border: 1px solid #e0e0e0; flex: auto; padding: 4px 8px; margin: 0 }
.error { background: #fdd; margin: 0 0 0 9ch; padding: 4px 8px }
pre { font: inherit; white-space: pre-wrap }
"""


def terminal() -> str:
    """What a terminal shows of the README's program, with the codes of its colours."""
    findings = Checker(Configuration(), rewrite).check(EXAMPLE.encode(), "policy.py")
    return f"{colour.bold('$ paramassign policy.py')}\n{render('full', findings)}"


def editor() -> str:
    """What Neovim shows of the README's program, the choices there, and what it shows then."""
    with tempfile.TemporaryDirectory() as folder:
        server, result = Path(folder, "paramassign-lsp"), Path(folder, "result")
        server.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flake8_paramassign.lsp "$@"\n')
        server.chmod(0o755)
        Path(folder, "policy.py").write_text(EXAMPLE)
        driver = ROOT / "tests" / "picture_neovim.lua"
        done = subprocess.run(
            ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {driver}"],
            env=os.environ
            | {
                "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "SETTINGS": str(ROOT / "editors" / "neovim.lua"),
                "RESULT": str(result),
                "XDG_STATE_HOME": folder,
            },
            capture_output=True, text=True, timeout=120, cwd=folder,
        )  # fmt: skip
        if not result.exists():
            raise SystemExit(f"Neovim says: {done.stderr}")
        return result.read_text("utf-8")


def neovim() -> str:
    """The version of Neovim that there is, on which the screen depends; empty without it."""
    if shutil.which("nvim") is None:
        return ""
    said = subprocess.run(["nvim", "--version"], capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0]


def notebook() -> list[tuple[str, list[str], str]]:
    """Each cell, what the extension shows under it in HTML, and the error that it ends in."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    made = []
    for cell in CELLS:
        with capture_output() as captured:
            result = shell.run_cell(cell, store_history=True)  # type: ignore[no-untyped-call,unused-ignore]
        shown = [o.data["text/html"] for o in captured.outputs if "text/html" in o.data]
        error = result.error_in_exec
        said = f"{type(error).__name__}: {error}".splitlines()[0] if error else ""
        made.append((cell, shown, said))
    history = shell.history_manager
    assert history is not None
    history.end_session()
    InteractiveShell.clear_instance()
    return made


def terminal_page(text: str) -> tuple[str, int]:
    """The page of a terminal, and how many lines it has."""
    html = escape(text, quote=False)
    for code, name in (("\x1b[1;31m", "red"), ("\x1b[1m", "bold"), ("\x1b[32m", "green")):
        html = html.replace(code, f'<span class="{name}">')
    html = html.replace("\x1b[0m", "</span>")
    return f'<div class="terminal">{html}</div>', lines_of(colour.plain(text)) + 1


def notebook_page(cells: list[tuple[str, list[str], str]]) -> tuple[str, int]:
    """The page of a notebook, and how many lines it has."""
    parts, height = [], 1
    for number, (cell, shown, error) in enumerate(cells, 1):
        prompt = f'<div class="prompt">In [{number}]:</div>'
        source = f'<pre class="source">{escape(cell)}</pre>'
        parts.append(f'<div class="cell">{prompt}{source}</div>')
        parts += [f'<div class="shown">{html}</div>' for html in shown]
        parts += [f'<pre class="error">{escape(error)}</pre>'] if error else []
        texts = [cell, *(re.sub(r"<[^>]+>", "", html) for html in shown), error]
        height += sum(map(lines_of, filter(None, texts))) + 1 + len(shown)
    return f'<div class="page">{"".join(parts)}</div>', height


def lines_of(text: str) -> int:
    """How many lines of the page a text takes."""
    columns = _COLUMNS - 12
    return sum(max(1, math.ceil(len(line) / columns)) for line in text.splitlines())


def take(name: str, page: str, lines: int, text: str) -> None:
    """Take the picture of a page, and put the text into it that it was made from."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise SystemExit("needs Chromium")
    with tempfile.TemporaryDirectory() as folder:
        file, picture = Path(folder, "page.html"), Path(folder, "page.png")
        file.write_text(f"<meta charset=utf-8><style>{_STYLE}</style>{page}", "utf-8")
        options = "--headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run"
        options += " --disable-background-networking --disable-component-update --disable-sync"
        size = f"--window-size=930,{lines * _LINE + 32}"
        subprocess.run(
            [browser, *options.split(), size, "--force-device-scale-factor=2",
             f"--user-data-dir={folder}/data", f"--screenshot={picture}", file.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        (IMAGES / name).write_bytes(with_text(picture.read_bytes(), text))


def with_text(png: bytes, text: str) -> bytes:
    """The picture with a text in it, in a chunk that viewers pass over."""
    kind, data = b"zTXt", _KEYWORD + b"\0\0" + zlib.compress(text.encode())
    chunk = struct.pack(">I", len(data)) + kind + data
    chunk += struct.pack(">I", zlib.crc32(kind + data))
    return png[:33] + chunk + png[33:]  # behind the header


def text_in(png: bytes) -> str:
    """The text that a picture was made from; empty where it holds none."""
    at = png.find(b"zTXt" + _KEYWORD)
    if at < 0:
        return ""
    [length] = struct.unpack(">I", png[at - 4 : at])
    return zlib.decompress(png[at + 4 + len(_KEYWORD) + 2 : at + 4 + length]).decode()


def main() -> int:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    shown = terminal()
    take("terminal.png", *terminal_page(shown), shown)
    shown = editor()
    take("neovim.png", *terminal_page(shown), f"{neovim()}\n{shown}")
    cells = notebook()
    take("notebook.png", *notebook_page(cells), repr(cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
