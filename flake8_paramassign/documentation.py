"""What the rules say about themselves, for ``--explain`` and ``--rules``."""

from __future__ import annotations

from flake8_paramassign.configuration import ConfigurationError
from flake8_paramassign.diagnostics import URL
from flake8_paramassign.rules import Rule, all_rules
from flake8_paramassign.torch_messages import MESSAGES, TorchMessage, messages_in


def explanation(about: str) -> str:
    """Return what there is to know ``about`` a rule, or about what PyTorch said.

    A rule is given by its code or its name, in either case. Raises ConfigurationError where it is
    neither a rule's nor one of PyTorch's messages.
    """
    for rule in all_rules().values():
        if about.strip().lower() in (rule.code.lower(), rule.name):
            return _documented(rule)
    messages = messages_in(about)
    if not messages:
        raise ConfigurationError(f"no rule '{about}'; --rules lists them")
    return "\n".join(map(_traced_back, messages))


def _documented(rule: type[Rule]) -> str:
    return f"# {rule.code} {rule.name}\n\n{rule.claim}\n\n{rule.documentation()}\n"


def _traced_back(message: TorchMessage) -> str:
    """Return the way from a message to its rules: all of the first one, a line for the others."""
    first, *others = (all_rules()[code] for code in message.codes)
    lines = [f"# {message.error}: {message.text}", "", message.cause, "", message.instead, ""]
    lines += [f"See also {rule.code} {rule.name}: {rule.claim}." for rule in others]
    return "\n".join([*lines, *([""] if others else []), _documented(first)])


def in_markdown(text: str) -> str:
    """Return ``text`` for Markdown, which would take ``__init__`` for an emphasis."""
    return text.replace("__", r"\_\_")


def rule_page(rule: type[Rule]) -> str:
    """Return the page of the documentation about a rule."""
    is_on = "On by default." if rule.default() else f"Opt-in: `--extend-select {rule.code}`."
    fix = "It has no fix." if rule.fix == "none" else f"Fix: {rule.fix}."
    title, claim, rest = _documented(rule).split("\n\n", 2)
    about = f"{in_markdown(claim[0].upper() + claim[1:])}. {is_on} {fix}"
    programs = (
        f"[Programs](../../fixtures/{rule.code.lower()}) that fail in this way, and look-alikes"
    )
    seen = "" if rule.code == "PRM001" else f"\n## Seen\n{programs}.\n"
    return f"{title}\n\n{about}\n\n{rest}{seen}"


def messages_page() -> str:
    """Return the page of the documentation that leads from PyTorch's messages to the rules."""
    parts = [
        "# What PyTorch says, and why",
        "",
        "Error messages that a wrong assignment leads to. On the command line,",
        '`paramassign --explain "cannot assign ... as parameter"` leads to the same.',
        "",
    ]
    for message in MESSAGES:
        rules = ", ".join(
            f"[{code}](../README.md#{code.lower()}) `{all_rules()[code].name}`"
            for code in message.codes
        )
        parts += [f"## `{message.error}: {message.text}`", ""]
        parts += [f"**Why:** {in_markdown(message.cause)}", ""]
        parts += [f"**Write instead:** {in_markdown(message.instead)}", ""]
        parts += [f"**Rules:** {rules}", ""]
    return "\n".join(parts)


def fixes_page() -> str:
    """Return the page of the documentation that says on what terms each fix is made."""
    from flake8_paramassign.fixes.rewrites.terms import TABLE

    parts = [
        "# On what terms each fix is made",
        "",
        "`--fix` makes a fix where it is *safe*: all that is listed under **Safe if** is proved,",
        "for each way in which the file is seen to come to the place. Else it is *unsafe*: its",
        "message says what is not proved, and `--unsafe-fixes` makes it. It is refused where one",
        "of the things listed under **Refused where** is so, as what it makes would be wrong, and",
        "where the statement leaves no room for it; the finding then says why. Whatever is proved,",
        "a fix is refused if an analysis then finds another defect, or another Parameter that is",
        "no longer registered, tied, trained or taken by an optimizer as it was; it is unsafe, and",
        "says so, if an opt-in rule then finds something, or another Parameter gains such a thing",
        "or has another shape, dtype or device. Where the cause is in another file, the fix is a",
        "change of that one: it is unsafe, made only if that file is to be fixed as well, and",
        "refused if any other file of the project has a use for what would change.",
        "",
    ]
    for terms in TABLE:
        parts += [f"## {terms.code}: {terms.rewrite}", ""]
        if terms.proved:
            parts += ["**Safe if** it is proved", ""]
            parts += [*(f"- {question.says}" for question in terms.proved), ""]
        else:
            parts += [f"**Never safe**: {terms.unsafe}.", ""]
        if terms.refused:
            parts += ["**Refused where**", ""]
            parts += [*(f"- {question.says}" for question in terms.refused), ""]
    return "\n".join(parts).rstrip() + "\n"


def rules() -> list[dict[str, object]]:
    """Return what there is to know of each rule, for programs."""
    return [
        {
            "code": rule.code,
            "name": rule.name,
            "claim": rule.claim,
            "default": rule.default(),
            "fix": rule.fix,
            "url": f"{URL}{rule.code.lower()}",
            "documentation": rule.documentation(),
        }
        for rule in all_rules().values()
    ]


def table() -> str:
    """Return a line for each rule: code, name, whether it is on, whether it has a fix, claim."""
    rows = [
        (
            rule.code,
            rule.name,
            "on" if rule.default() else "off",
            "-" if rule.fix == "none" else "fix",
            rule.claim,
        )
        for rule in all_rules().values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
