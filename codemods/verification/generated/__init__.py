"""Random PyTorch programs: what is said of them, and made of them, is held against their runs.

``programs`` writes them, the same ones for the same seed, of the pieces in ``values``,
``classes`` and ``statements``. ``witness`` runs one and records what really happens at each line,
``claims`` holds the linter's findings against that, ``mended`` what the fixes make of it, and
``minimal`` takes away what a disagreement does not need. ``command`` does all this for many.
"""
