"""JUnit XML: a suite for each file, a failed case for each finding."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from flake8_paramassign.findings import Finding
from flake8_paramassign.wording import visible


def render(findings: Sequence[Finding]) -> str:
    """Return the report; a clean run is one passed case, as a report without any looks broken."""
    count = str(len(findings))
    root = Element("testsuites", name="paramassign", tests=count or "1", failures=count)
    for filename, group in groupby(findings, key=lambda finding: finding.filename):
        _add_suite(root, filename, list(group))
    if not findings:
        root.set("tests", "1")
        suite = SubElement(root, "testsuite", name="paramassign", tests="1", failures="0")
        SubElement(suite, "testcase", name="no findings", classname="paramassign")
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_suite(root: Element, filename: str, findings: Sequence[Finding]) -> None:
    count = str(len(findings))
    name = visible(filename)
    suite = SubElement(root, "testsuite", name=name, tests=count, failures=count)
    for finding in findings:
        diagnostic = finding.diagnostic
        case = SubElement(
            suite,
            "testcase",
            name=f"{diagnostic.code} {diagnostic.name}",
            classname=name,
            file=name,
            line=str(diagnostic.start.line),
        )
        failure = SubElement(case, "failure", message=diagnostic.message)
        failure.text = f"{finding.where}: {diagnostic.code} {diagnostic.message}"
