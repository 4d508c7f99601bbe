"""Mending: the rewrites of findings, and what applies them to a file without harming it.

``rewrites`` has one way of rewriting a module; ``engine`` applies fixes round by round, ``edits``
splices them into the text, and ``fixing`` mends whole files.
"""
