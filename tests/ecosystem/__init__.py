"""Linter and fixer over pinned public sources, compared with a kept result.

``python -m tests.ecosystem [NAME...] [--checkouts FOLDER] [--jobs N]`` says which findings came and
which went, which have no verdict, and where the fixer does otherwise than it did. ``--keep`` writes
the new result down, both tables and the page in ``docs``, source by source: where it was ended, it
goes on, unless a commit has changed the tools in between. Exit status 0: as it was kept, and each
finding judged; 1: not so (with ``--keep``: a finding is not judged); 2: a source could not be had,
or a tool failed on it. ``--page`` only writes the page again, after verdicts were written down.

``sources.tsv`` lists packages by version and repositories by commit, and what was counted in each.
``places.tsv`` holds what was judged: each place by source, file, line and rule, whether it is found
at present, and a verdict: ``true`` (the program does what the message says, under the condition
that it states), ``arguable``, ``false``, or ``?`` until somebody has read it. True places that are
not found are known misses. No code of others is kept.
"""
