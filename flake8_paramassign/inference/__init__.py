"""What may this expression hold? A small abstract interpreter over ``ast`` trees.

The interpreter follows the flow of a function: branches are joined, loops run to a fixpoint,
calls of the project's own functions are entered. It never runs the code it looks at. Rules do
not look at syntax; they are handed ``events`` and ask them what the values may be.

It reads ``ast`` and not libcst because flake8 hands the plugin that tree for nothing, and since
libcst's parser is ten times slower and its visitors recurse too deep for ordinary code (a sum
of 900 terms). libcst is for the rewrites, which need every comment and every space.
"""
