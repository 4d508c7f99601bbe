"""Tests: whether they hold, and what is known where they came out one way.

``truth`` and ``instances`` answer; ``narrowing`` assumes an answer, with ``type_tests``,
and writes what it learns by ``refinement``; ``recall`` tells paths apart that had met.
"""
