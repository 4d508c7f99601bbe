"""What the analysis can know of a running program: values, objects, and states.

``values`` are what an expression may hold. Most of them are addresses of ``objects``, which live
in the heap of a ``state``: what is known at one point of a program. Each is a lattice: two of a
kind have a join, which claims only what both claim, and an order. What is not known is unknown;
nothing here guesses.
"""
