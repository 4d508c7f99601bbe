"""Which functions and classes of a file have to be run for their own sake.

A function is skipped where nothing in it can lead to a finding. That is told from identifiers:
those of a function are the words on its lines, of which the words of comments and strings only
make more relevant, never less. A finding needs one of the following.

- A word that makes, lists or flags Parameters, or goes past ``__setattr__``: ``_WORDS``.
- The name of a slot (one of torch's layers, or one that this file fills) beside something that
  writes: an in-place method, an augmented assignment, a store.
- The store of a Module, which may stand too early or in a plain container.
- The name of a function or class of this file that is itself relevant, which it may call.

What comes from other files of the project may be any of these. And where neither the file nor
one that it imports names a library that is known, no object can be known to be one of torch's:
then no function is run, unless a name says what an object of any kind has (``parameters()``).

``gate`` decides, by the ``vocabulary`` of the file: which names count in it. Both look at its
``units``: functions, class bodies and the top level, each with its words; and at what these
store, by ``stores``.
"""
