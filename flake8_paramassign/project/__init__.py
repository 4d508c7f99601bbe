"""The files of the user's project: found as Python finds them, parsed, and never imported.

``project`` finds and keeps files, ``module`` says what the names of one mean, ``classes`` what a
class has. Nothing here follows the flow of a program; that is what ``semantics`` does.
"""
