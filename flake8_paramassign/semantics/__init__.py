"""What may this expression hold? An abstract interpreter over ``ast`` trees.

It follows the flow of a program: branches are joined, loops run to a fixpoint, calls of the
project's own functions are entered. It never runs the code it looks at. Each part (expressions,
statements, conditions, calls, the models of libraries) knows the others only as the ``Machine``,
which ``engine`` puts together. What happens in a program is told as ``events``, which the rules
judge.

It reads ``ast`` and not libcst because flake8 hands the plugin that tree for nothing, and since
libcst's parser is ten times slower and its visitors recurse too deep for ordinary code (a sum
of 900 terms). libcst is for the rewrites, which need every comment and every space.
"""
