"""What an expression holds.

``evaluation`` has an entry for each kind, and imports the others: ``operators``, ``displays``,
``comprehensions``, and ``arguments`` of calls.
"""
