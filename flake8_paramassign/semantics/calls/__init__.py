"""Calls: what is entered, what is modelled, and what is unknown code.

``dispatch`` decides by what is called, and imports the others: ``functions`` of the project,
``libraries``, ``objects`` and their methods. ``unknown`` is what code may do of which nothing is
known.
"""
