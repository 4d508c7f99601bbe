"""A plugin of python-lsp-server: quick fixes and, where that is switched on, the findings.

Most who use that server have the findings from its flake8 plugin. Its settings are those of the
language server, under ``pylsp.plugins.paramassign``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pylsp import hookimpl

from flake8_paramassign.configuration import Configuration, ConfigurationError
from flake8_paramassign.diagnostics import Edit, Position
from flake8_paramassign.discovery import is_left_out
from flake8_paramassign.findings import Finding
from flake8_paramassign.lsp.analysis import Action, Analysis
from flake8_paramassign.lsp.options import SEVERITIES, Options
from flake8_paramassign.lsp.programs import File
from flake8_paramassign.lsp.texts import Place, Text

if TYPE_CHECKING:
    from pylsp.config.config import Config
    from pylsp.workspace import Document, Workspace

_NAME = "paramassign"
_ONE_AT_A_TIME = Lock()
"""python-lsp-server lints in threads of its own."""


def pylsp_settings() -> dict[str, Any]:
    """Return what the plugin's settings are by default."""
    return {"plugins": {_NAME: {"enabled": True, "diagnostics": False}}}


def pylsp_lint(config: Config, workspace: Workspace, document: Document) -> list[dict[str, Any]]:
    """Return the findings in a document, if they are wanted."""
    options = _options(config, document)
    if not options.diagnostics:
        return []
    with _ONE_AT_A_TIME:
        analysis = _analysis(document, workspace, options)
        return [_diagnostic(finding, analysis, options) for finding in analysis.findings]


def pylsp_code_actions(
    config: Config,
    workspace: Workspace,
    document: Document,
    range: dict[str, Any],
    context: dict[str, Any],
) -> list[dict[str, Any]]:
    """Return what can be done about the findings in a range."""
    with _ONE_AT_A_TIME:
        analysis = _analysis(document, workspace, _options(config, document))
        text = analysis.program.texts[document.uri]
        start, end = (text.position(_place(range[key])) for key in ("start", "end"))
        actions = analysis.actions(document.uri, start, end)
        if analysis.fix_all:
            actions.append(analysis.fix_all)
        texts = {document.uri: (document.uri, text), **_others(actions, analysis, workspace)}
    return [_code_action(action, texts) for action in actions]


# Called here, as a decorator without types would take theirs from the functions.
for _hook in (pylsp_settings, pylsp_lint, pylsp_code_actions):
    hookimpl(_hook)


def _options(config: Config, document: Document) -> Options:
    settings = dict(config.plugin_settings(_NAME, document_path=document.path))
    settings.pop("enabled", None)
    try:
        return Options.read(settings)
    except ConfigurationError:
        return Options(diagnostics=False)


def _analysis(document: Document, workspace: Workspace, options: Options) -> Analysis:
    folder = Path(document.path).parent
    try:
        configuration = options.configuration_in(folder)
    except ConfigurationError:
        configuration = Configuration()
    if is_left_out(document.path, configuration.exclusion, folder):
        configuration = Configuration(ignore=("PRM",))
    unsaved = {known.path: _program(known).data for known in workspace.documents.values()}
    return Analysis(_program(document), configuration, unsaved)


def _program(document: Document) -> File:
    return File(document.path, document.uri, Text(document.source))


def _diagnostic(finding: Finding, analysis: Analysis, options: Options) -> dict[str, Any]:
    diagnostic = finding.diagnostic
    text = analysis.program.texts[analysis.program.uri(finding.cell)]
    return {
        "source": _NAME,
        "code": diagnostic.code,
        "codeDescription": {"href": diagnostic.url},
        "message": diagnostic.message,
        "severity": SEVERITIES.index(options.severity_of(diagnostic.code)) + 1,
        "range": _range(text, diagnostic.start, diagnostic.end),
    }


def _others(
    actions: Iterable[Action], analysis: Analysis, workspace: Workspace
) -> dict[str, tuple[str, Text]]:
    """The URIs and texts of other files that are edited, by their paths."""
    paths = {name for action in actions for name in action.edits} - {*analysis.program.texts}
    uris = {path: Path(path).absolute().as_uri() for path in paths}
    return {path: (uri, Text(workspace.get_document(uri).source)) for path, uri in uris.items()}


def _code_action(action: Action, texts: Mapping[str, tuple[str, Text]]) -> dict[str, Any]:
    changes = {}
    for name, edits in action.edits.items():
        uri, text = texts[name]
        changes[uri] = [_edit(text, edit) for edit in edits]
    return {
        "title": action.title,
        "kind": action.kind,
        "isPreferred": action.is_preferred,
        "edit": {"changes": changes},
    }


def _edit(text: Text, edit: Edit) -> dict[str, Any]:
    return {"range": _range(text, edit.start, edit.end), "newText": text.written(edit)}


def _range(text: Text, start: Position, end: Position) -> dict[str, Any]:
    places = {"start": text.place(start), "end": text.place(end)}
    return {
        name: {"line": line, "character": character} for name, (line, character) in places.items()
    }


def _place(position: dict[str, int]) -> Place:
    return position["line"], position["character"]
