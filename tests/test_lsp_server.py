"""The language server in its own process, as an editor has it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("pytest_lsp", reason="the language server's client is not installed")

import pytest_lsp
from lsp_client import SERVER, Editor, applied
from lsprotocol import types
from pytest_lsp import LanguageClient

from flake8_paramassign import analyze
from flake8_paramassign.checking import Checker
from flake8_paramassign.configuration import Configuration
from flake8_paramassign.diagnostics import Applicability, Diagnostic
from flake8_paramassign.fixes.fixing import Fixer
from flake8_paramassign.fixes.rewrites import rewrite
from flake8_paramassign.lsp.options import Options
from flake8_paramassign.lsp.texts import Text

pytestmark = pytest.mark.asyncio

TEXT = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, d, device):
        super().__init__()
        self.title = "🎉"; self.w = nn.Parameter(torch.zeros(d)).to(device)
        self.layers = [nn.Linear(d, d), nn.Linear(d, d)]


def fill():
    net = nn.Linear(4, 4)
    net.weight = torch.zeros(4, 4)
"""
HEIR = """\
import torch
from torch import nn

from base import Base


class Heir(Base):
    def __init__(self, device):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3)).to(device)
"""
CLEAN = "import torch\n"
BROKEN = TEXT + "def f(:\n"


@pytest_lsp.fixture(config=SERVER)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client: LanguageClient, tmp_path: Path) -> Editor:
    return Editor(client, tmp_path)


def findings(text: str = TEXT) -> list[Diagnostic]:
    return analyze(text, "a.py", rewrite=rewrite)


def fixed(text: str) -> str:
    """What the fixer writes with its safe fixes."""
    result, _ = Fixer(Checker(Configuration(), rewrite), writes=False).fix(text.encode(), "a.py")
    return result.decode()


class TestDiagnostics:
    async def test_say_what_where_how_grave_and_where_to_read_on(self, editor: Editor) -> None:
        await editor.start()
        shown = await editor.open("a.py", TEXT)
        assert [d.code for d in shown] == ["PRM102", "PRM105", "PRM101"]
        first, expected = shown[0], findings()[0]
        assert first.message == expected.message
        assert first.source == "paramassign"
        assert first.severity == types.DiagnosticSeverity.Warning
        assert first.code_description is not None
        assert first.code_description.href == expected.url

    @pytest.mark.parametrize(
        ("encoding", "start", "end"), [("utf-8", 29, 35), ("utf-16", 27, 33), ("utf-32", 26, 32)]
    )
    async def test_are_placed_in_the_units_of_the_client(
        self, editor: Editor, encoding: str, start: int, end: int
    ) -> None:
        result = await editor.start(encoding=encoding)
        assert result.capabilities.position_encoding == encoding
        [first, *_] = await editor.open("a.py", TEXT)
        assert first.range == types.Range(types.Position(7, start), types.Position(7, end))

    async def test_are_in_utf_16_for_a_client_that_says_nothing(self, editor: Editor) -> None:
        await editor.start(encoding=None)
        [first, *_] = await editor.open("a.py", TEXT)
        assert first.range.start == types.Position(7, 27)

    async def test_follow_what_is_typed_and_not_what_is_on_the_disk(self, editor: Editor) -> None:
        (editor.folder / "a.py").write_text(TEXT)
        await editor.start()
        assert await editor.open("a.py", CLEAN) == []
        editor.type("a.py", 2, TEXT)
        assert len(await editor.shown("a.py")) == 3

    async def test_rest_on_other_open_files_as_these_are_typed(self, editor: Editor) -> None:
        (editor.folder / "base.py").write_text("class Base:\n    pass\n")
        await editor.start()
        assert await editor.open("a.py", HEIR) == []
        assert await editor.open("beside.py", CLEAN) == []
        base = "from torch import nn\n\n\nclass Base(nn.Module):\n    pass\n"
        await editor.open("base.py", base)
        assert [d.code for d in await editor.shown("a.py")] == ["PRM102"]
        editor.type("base.py", 2, base.replace("nn.Module", "object"))
        assert await editor.shown("a.py") == []
        editor.type("beside.py", 2, CLEAN + TEXT)
        assert len(await editor.shown("beside.py")) == 3
        assert await editor.nothing_new()  # nobody imports that
        editor.type("base.py", 3, base)
        assert len(await editor.shown("a.py")) == 1
        document = types.TextDocumentIdentifier(editor.uri("base.py"))
        editor.client.text_document_did_close(types.DidCloseTextDocumentParams(document))
        assert await editor.shown("a.py") == []

    async def test_of_text_that_is_no_longer_there_are_not_shown(self, editor: Editor) -> None:
        await editor.start({"debounce": 2_000})  # however slow the machine is
        await editor.open("a.py", CLEAN)
        for version in range(2, 12):
            editor.type("a.py", version, TEXT)
        editor.type("a.py", 12, CLEAN)
        assert await editor.shown("a.py") == []
        assert await editor.nothing_new()

    async def test_stay_while_a_line_is_being_written(self, editor: Editor) -> None:
        await editor.start()
        await editor.open("a.py", TEXT)
        editor.type("a.py", 2, BROKEN)
        assert await editor.nothing_new()
        editor.save("a.py")
        assert [d.code for d in await editor.shown("a.py")] == ["PRM001"]

    async def test_are_taken_back_when_the_document_is_closed(self, editor: Editor) -> None:
        await editor.start()
        await editor.open("a.py", TEXT)
        document = types.TextDocumentIdentifier(editor.uri("a.py"))
        editor.client.text_document_did_close(types.DidCloseTextDocumentParams(document))
        assert await editor.shown("a.py") == []

    @pytest.mark.skipif(sys.platform != "linux", reason="asks the system what the server worked")
    async def test_of_a_thousand_lines_come_within_a_tenth_of_a_second(
        self, editor: Editor
    ) -> None:
        filler = "\n".join(
            f"def helper_{n}(model, x):\n    y = model.layer_{n}(x) * {n}\n    return y + x\n"
            for n in range(245)
        )
        text = TEXT + filler
        assert 990 <= text.count("\n") <= 1010
        await editor.start()
        await editor.open("a.py", text)
        edits = 20
        begun = editor.seconds_of_the_server()
        for version in range(2, 2 + edits):
            editor.type("a.py", version, text.replace("* 7\n", f"* {version}\n"))
            assert len(await editor.shown("a.py")) == 3
        # What the server works, and waits: that is what it takes where nothing else runs.
        work = (editor.seconds_of_the_server() - begun) / edits
        assert work + Options().debounce / 1000 < 0.1


class TestQuickFixes:
    async def test_write_what_the_fixer_writes(self, editor: Editor) -> None:
        await editor.start()
        shown = await editor.open("a.py", TEXT)
        for diagnostic, expected in zip(shown, findings(), strict=True):
            start = diagnostic.range.start.line, diagnostic.range.start.character
            fix, ignore = await editor.actions("a.py", start, start, ["quickfix"], [diagnostic])
            assert expected.fix is not None
            is_safe = expected.fix.applicability is Applicability.SAFE
            assert fix.title.startswith(f"{expected.code}: {expected.fix.message}")
            assert fix.title.endswith("(unsafe)") is not is_safe
            assert fix.is_preferred is (is_safe or None)
            assert fix.kind == "quickfix"
            for action in (fix, ignore):
                assert list(action.diagnostics or ()) == [diagnostic]
            assert fix.edit is not None
            assert fix.edit.document_changes is not None
            [change] = fix.edit.document_changes
            assert isinstance(change, types.TextDocumentEdit)
            assert (change.text_document.uri, change.text_document.version) == (
                editor.uri("a.py"), 1,
            )  # fmt: skip
            source = Text(TEXT, "utf-32")
            result = source
            for edit in reversed(expected.fix.edits):
                place = source.place
                result = result.replaced(place(edit.start), place(edit.end), edit.content)
            assert applied(TEXT, change.edits) == result.text

    async def test_are_for_what_others_report_too(self, editor: Editor) -> None:
        await editor.start({"diagnostics": False})
        assert await editor.open("a.py", TEXT) == []
        whole_line = types.Range(types.Position(7, 0), types.Position(8, 0))
        squiggle = types.Diagnostic(whole_line, "PRM102 said by flake8", source="flake8")
        other = types.Diagnostic(whole_line, "line too long", code="E501", source="flake8")
        fix, _ = await editor.actions("a.py", (7, 27), (7, 27), ["quickfix"], [squiggle, other])
        assert list(fix.diagnostics or ()) == [squiggle]

    async def test_are_for_the_text_as_it_is_now(self, editor: Editor) -> None:
        await editor.start({"debounce": 10_000})
        await editor.open("a.py", CLEAN)
        editor.type("a.py", 2, "# new\n" + TEXT)
        [fix, *_] = await editor.actions("a.py", (8, 28), (8, 28))
        assert fix.title.startswith("PRM102")

    async def test_ignore_on_this_line(self, editor: Editor) -> None:
        await editor.start()
        await editor.open("a.py", TEXT)
        _, ignore = await editor.actions("a.py", (8, 8), (8, 8), only=["quickfix"])
        assert ignore.title == "Ignore PRM105 on this line"
        assert ignore.edit is not None and ignore.edit.document_changes is not None
        [change] = ignore.edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        silenced = applied(TEXT, change.edits)
        editor.type("a.py", 2, silenced)
        assert [d.code for d in await editor.shown("a.py")] == ["PRM102", "PRM101"]


class TestFixAll:
    async def test_writes_what_the_fixer_writes(self, editor: Editor) -> None:
        text = TEXT.replace("\n", "\r\n")
        await editor.start()
        await editor.open("a.py", text)
        [action] = await editor.actions("a.py", only=["source.fixAll"])
        assert action.kind == "source.fixAll.paramassign"
        assert action.edit is not None and action.edit.document_changes is not None
        [change] = action.edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        assert applied(text, change.edits) == fixed(text) != text

    async def test_is_not_asked_for_by_other_kinds(self, editor: Editor) -> None:
        await editor.start()
        await editor.open("a.py", TEXT)
        assert await editor.actions("a.py", only=["source.organizeImports"]) == []
        assert await editor.actions("a.py", only=["source.fixAll.ruff"]) == []
        kinds = {action.kind for action in await editor.actions("a.py")}
        assert kinds == {"quickfix", "source.fixAll.paramassign"}


class TestHover:
    async def hover(self, editor: Editor, line: int, character: int) -> str | None:
        document = types.TextDocumentIdentifier(editor.uri("a.py"))
        params = types.HoverParams(document, types.Position(line, character))
        found = await editor.client.text_document_hover_async(params)
        if found is None:
            return None
        assert isinstance(found.contents, types.MarkupContent)
        text: str = found.contents.value
        return text

    async def test_shows_the_rule(self, editor: Editor) -> None:
        await editor.start()
        await editor.open("a.py", TEXT)
        text = await self.hover(editor, 7, 30)
        assert text is not None
        assert text.startswith("**[PRM102](") and "## Use instead" in text
        assert await self.hover(editor, 0, 0) is None


class TestConfiguration:
    async def test_is_the_nearest(self, editor: Editor) -> None:
        (editor.folder / "pyproject.toml").write_text('[tool.paramassign]\nignore = ["PRM1"]\n')
        await editor.start()
        assert await editor.open("a.py", TEXT) == []

    async def test_is_read_again_when_it_changes(self, editor: Editor) -> None:
        watched = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        await editor.start(did_change_watched_files=watched)
        assert len(await editor.open("a.py", TEXT)) == 3
        file = editor.folder / "pyproject.toml"
        file.write_text('[tool.paramassign]\nignore = ["PRM105"]\n')
        change = types.FileEvent(file.as_uri(), types.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(
            types.DidChangeWatchedFilesParams([change])
        )
        assert [d.code for d in await editor.shown("a.py")] == ["PRM102", "PRM101"]
        [registration] = editor.registered
        assert registration.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES

    async def test_of_the_editor_overrides_it(self, editor: Editor) -> None:
        await editor.start({"configuration": {"select": ["PRM105"]}, "severity": {"PRM1": "hint"}})
        [only] = await editor.open("a.py", TEXT)
        assert (only.code, only.severity) == ("PRM105", types.DiagnosticSeverity.Hint)

    async def test_of_the_editor_may_change(self, editor: Editor) -> None:
        await editor.start()
        await editor.open("a.py", TEXT)
        editor.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"paramassign": {"diagnostics": False}})
        )
        assert await editor.shown("a.py") == []

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"diagnostics": 1}, "the setting 'diagnostics' must be true or false"),
            ({"verbose": True}, "unknown setting 'verbose'"),
            ({"severity": {"PRM1": "bad"}}, "a severity is one of error"),
            ({"configuration": {"select": ["XYZ"]}}, "no rule's code begins with 'XYZ'"),
        ],
    )
    async def test_that_is_wrong_is_said(self, editor: Editor, options: object, said: str) -> None:
        await editor.start(options)
        assert len(await editor.open("a.py", TEXT)) == 3
        [message] = editor.client.messages
        assert said in message.message

    async def test_file_that_is_wrong_is_said_once(self, editor: Editor) -> None:
        (editor.folder / "pyproject.toml").write_text("[tool.paramassign]\nselect = 1\n")
        await editor.start()
        assert len(await editor.open("a.py", TEXT)) == 3
        editor.type("a.py", 2, TEXT + "x = 1\n")
        await editor.shown("a.py")
        [message] = editor.client.messages
        assert "pyproject.toml: select: must be a list of strings" in message.message

    async def test_leaves_out_what_is_excluded(self, editor: Editor) -> None:
        (editor.folder / ".gitignore").write_text("generated/\n")
        await editor.start()
        for name in ("generated/a.py", "build/a.py"):
            (editor.folder / name).parent.mkdir()
            assert await editor.open(name, TEXT) == []


async def test_folders_above_those_of_the_editor_leave_nothing_out(
    client: LanguageClient, tmp_path: Path
) -> None:
    editor = Editor(client, tmp_path / "build" / "project")
    editor.folder.mkdir(parents=True)
    await editor.start()
    assert len(await editor.open("a.py", TEXT)) == 3


async def test_texts_are_sent_whole(editor: Editor) -> None:
    sync = (await editor.start()).capabilities.text_document_sync
    assert isinstance(sync, types.TextDocumentSyncOptions)
    assert sync.change == types.TextDocumentSyncKind.Full


async def test_what_another_file_defines_counts_as_soon_as_it_is_saved(editor: Editor) -> None:
    (editor.folder / "base.py").write_text("class Base:\n    pass\n")
    text = TEXT.replace("(nn.Module)", "(Base)").replace(
        "\n\n\n", "\nfrom base import Base\n\n\n", 1
    )
    await editor.start()
    assert [d.code for d in await editor.open("a.py", text)] == ["PRM101"]
    base = "from torch import nn\n\n\nclass Base(nn.Module):\n    pass\n"
    await editor.open("base.py", base)
    (editor.folder / "base.py").write_text(base)
    editor.save("base.py")
    assert [d.code for d in await editor.shown("a.py")] == ["PRM102", "PRM105", "PRM101"]


async def test_a_new_document_has_no_file(editor: Editor) -> None:
    await editor.start()
    item = types.TextDocumentItem("untitled:Untitled-1", "python", 1, TEXT)
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    assert len(await editor.shown("untitled:Untitled-1")) == 3
    assert len(await editor.actions("untitled:Untitled-1", (7, 28), (7, 28))) == 3
