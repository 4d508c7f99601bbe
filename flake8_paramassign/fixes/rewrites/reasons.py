"""Why there is no fix."""


class NoRewrite(Exception):
    """There is no rewrite that is right; says why, on one line."""
