"""Tensors: what operations make of them, and when they are written.

What torch's functions and methods return is asked of the catalogue, which was made by running
torch. ``results`` is what that means; ``attributes``, ``operators``, ``methods``, ``conversions``
and ``functions`` ask it, and import it; ``writing`` tells what is written in place.
"""
