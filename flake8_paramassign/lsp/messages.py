"""What the server says, in the protocol's words."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from flake8_paramassign.diagnostics import Edit, Position, Related
from flake8_paramassign.findings import Finding
from flake8_paramassign.lsp.analysis import Action
from flake8_paramassign.lsp.documents import Documents
from flake8_paramassign.lsp.options import Options
from flake8_paramassign.lsp.programs import Program
from flake8_paramassign.lsp.texts import Text

SOURCE = "paramassign"


def range_of(text: Text, start: Position, end: Position) -> types.Range:
    """Return what lies between two places of ``text``."""
    return types.Range(types.Position(*text.place(start)), types.Position(*text.place(end)))


def diagnostic_of(
    finding: Finding, program: Program, documents: Documents, options: Options
) -> types.Diagnostic:
    """Return what is shown of a finding in ``program``."""
    diagnostic = finding.diagnostic
    text = program.texts[program.uri(finding.cell)]
    return types.Diagnostic(
        range=range_of(text, diagnostic.start, diagnostic.end),
        message=diagnostic.message,
        severity=types.DiagnosticSeverity[options.severity_of(diagnostic.code).capitalize()],
        code=diagnostic.code,
        code_description=types.CodeDescription(diagnostic.url),
        source=SOURCE,
        related_information=[_fact(r, program, documents) for r in diagnostic.trace] or None,
    )


def _fact(
    related: Related, program: Program, documents: Documents
) -> types.DiagnosticRelatedInformation:
    if related.filename is None:
        uri = program.uri(related.cell)
        text = program.texts[uri]
    else:
        uri, text = documents.text_of(related.filename)
    location = types.Location(uri, range_of(text, related.start, related.end))
    return types.DiagnosticRelatedInformation(location, related.message)


def action_of(
    action: Action, program: Program, documents: Documents, shown: Sequence[types.Diagnostic]
) -> types.CodeAction:
    """Return a choice for the user; ``shown`` are the diagnostics that the editor asks about.

    It belongs to those that are about its finding, whoever reported them: flake8 does, too.
    """
    finding = action.finding
    about = [d for d in shown if finding and _code(d) == finding.diagnostic.code]
    return types.CodeAction(
        title=action.title,
        kind=action.kind,
        diagnostics=about or None,
        is_preferred=action.is_preferred or None,
        edit=_edit(action, program, documents),
    )


def _code(diagnostic: types.Diagnostic) -> str:
    return str(diagnostic.code or diagnostic.message.partition(" ")[0])


def _edit(action: Action, program: Program, documents: Documents) -> types.WorkspaceEdit:
    changes = {}
    for name, edits in action.edits.items():
        known = program.texts.get(name)
        uri, text = (name, known) if known is not None else documents.text_of(name)
        changes[uri] = [_text_edit(text, edit) for edit in edits]
    if not documents.has_versions:
        return types.WorkspaceEdit(changes=changes)
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri, documents.version(uri)), edits
            )
            for uri, edits in changes.items()
        ]
    )


def _text_edit(text: Text, edit: Edit) -> types.TextEdit:
    return types.TextEdit(range_of(text, edit.start, edit.end), text.written(edit))
