"""What MkDocs asks for while it builds the site.

Pages of rules are made from the rules, the overview is the README, and links in pages that are
read on GitHub, too, lead to their place in the site.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from flake8_paramassign.documentation import in_markdown, rule_page
from flake8_paramassign.rules import all_rules

_LOG = logging.getLogger("mkdocs.hooks")
_ROOT = Path(__file__).parent.parent
_SOURCES = "https://github.com/flake8-paramassign/flake8-paramassign/blob/main/"
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")


def on_config(config: Any) -> Any:
    """Put the rules into the navigation."""
    pages = [{rule.code: f"rules/{rule.name}.md"} for rule in all_rules().values()]
    for section in config.nav:
        if "Rules" in section:
            section["Rules"] = [{"All rules": "rules/index.md"}, *pages]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made."""
    made = {"index.md": _README, "rules/index.md": _rules()}
    made.update((f"rules/{rule.name}.md", rule_page(rule)) for rule in all_rules().values())
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let each link lead to its place in the site, or to the repository."""
    here = page.file.src_uri
    of_repository = "README.md" if here == "index.md" else f"docs/{here}"

    def led(link: re.Match[str]) -> str:
        return f"]({_target(link[1], here, of_repository)})"

    return _LINK.sub(led, markdown)


def _target(link: str, here: str, of_repository: str) -> str:
    """Return where a link of a page leads, which is at a place in the repository."""
    path, _, anchor = link.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(of_repository), path or "."))
    target = of_repository if not path else target
    rule = next((r for r in all_rules().values() if r.code.lower() == anchor), None)
    if target == "README.md" and rule is not None:
        page = f"rules/{rule.name}.md"
    elif target == "README.md":
        page = "index.md"
    elif target.startswith("docs/"):
        page = target.removeprefix("docs/")
    else:
        if not (_ROOT / target).exists():
            _LOG.warning(f"{here}: links to {target}, which is not there")  # ends a strict build
        return f"{_SOURCES}{target}{'#' + anchor if anchor else ''}"
    if not path and not (rule and target == "README.md"):
        return link
    relative = posixpath.relpath(page, posixpath.dirname(here) or ".")
    return f"{relative}#{anchor}" if anchor and rule is None else relative


def _rules() -> str:
    rows = ["# Rules", "", "| code | name | what happens | on | fix |", "|---|---|---|---|---|"]
    for rule in all_rules().values():
        is_on, claim = "yes" if rule.default() else "opt-in", in_markdown(rule.claim)
        code = f"[{rule.code}]({rule.name}.md)"
        rows.append(f"| {code} | `{rule.name}` | {claim} | {is_on} | {rule.fix} |")
    return "\n".join(rows) + "\n"


_README = (_ROOT / "README.md").read_text("utf-8")
