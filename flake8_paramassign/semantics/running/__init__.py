"""What of a file is run, in which order, and how much of it.

``worklist`` begins pieces of the file, by ``entry_points``; ``activations`` is the stack of what is
running, and ``effort`` what may still be done; ``callers`` remembers how functions are called.
"""
