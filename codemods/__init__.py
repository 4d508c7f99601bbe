"""Rewrites what flake8_paramassign finds, and proves by execution that the rewrite is right."""
