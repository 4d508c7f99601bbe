"""Why something is not checked."""

from __future__ import annotations


class DoesNotApply(Exception):
    """An invariant says nothing about this program; the text says why."""


class NeedsDevice(Exception):
    """An invariant needs what this machine or this torch lacks; the text names it."""
