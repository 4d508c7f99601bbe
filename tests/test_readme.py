"""The README says what the rules say."""

from __future__ import annotations

from readme import README, written


def test_the_table_of_rules_is_the_rules_own() -> None:
    assert README.read_text() == written(), "run: python -m tests.readme"
    assert "<!-- rules -->" in README.read_text()
