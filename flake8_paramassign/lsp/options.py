"""What an editor's settings say: the server's ``initializationOptions``, or ``paramassign``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from flake8_paramassign.configuration import Configuration, ConfigurationError, nearest

SEVERITIES = ("error", "warning", "information", "hint")


@dataclass(frozen=True)
class Options:
    """Each field is a key of the editor's settings, in camel case."""

    diagnostics: bool = True
    """False where something else shows the findings, such as flake8: only offer fixes then."""
    debounce: int = 30
    """Milliseconds without a change after which a text is looked at."""
    severity: Mapping[str, str] = field(default_factory=dict)
    """One of ``SEVERITIES`` for codes or their beginnings; the longest counts."""
    configuration: Mapping[str, object] = field(default_factory=dict)
    """What ``[tool.paramassign]`` may hold; it overrides what is configured there."""

    @classmethod
    def read(cls, settings: object) -> Options:
        """Read what the editor sent; raises ConfigurationError."""
        if settings is None:
            return cls()
        if not isinstance(settings, dict):
            raise ConfigurationError("the settings must be an object")
        known = {field.name: type(getattr(cls(), field.name)) for field in fields(cls)}
        for key, value in settings.items():
            if key not in known:
                raise ConfigurationError(f"unknown setting '{key}'")
            if type(value) is not known[key]:
                kind = {bool: "true or false", int: "a number", dict: "an object"}[known[key]]
                raise ConfigurationError(f"the setting '{key}' must be {kind}")
        options = cls(**settings)
        if not set(options.severity.values()) <= set(SEVERITIES):
            raise ConfigurationError(f"a severity is one of {', '.join(SEVERITIES)}")
        Configuration().overridden(options.configuration, Path.cwd())
        return options

    def severity_of(self, code: str) -> str:
        """Return how grave a finding of the rule ``code`` is: opt-in rules only inform."""
        given = max((p for p in self.severity if code.startswith(p)), key=len, default=None)
        if given is not None:
            return self.severity[given]
        return "information" if code.startswith("PRM9") else "warning"

    def configuration_in(self, folder: Path) -> Configuration:
        """Return what counts for the files in ``folder``; raises ConfigurationError."""
        _, configuration = nearest(folder)
        return configuration.overridden(self.configuration, folder)
