"""Running statements: how a block is left, and where paths meet.

A statement is run in a state, and gives the state in which it falls through; None is a block that
is left otherwise. Those other ways are kept where they lead: ``return`` in the frame, ``break``
and ``continue`` in the loop, an exception in the ``try`` around it.

``execution`` has an entry for each kind, and imports the others: ``loops``, ``matching``, and
``blocks`` that do something however they are left.
"""
