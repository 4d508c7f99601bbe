"""Attributes: what they hold, and what storing, bypassing and deleting them does.

``reading`` asks ``members`` for what a class has; ``storing`` asks ``registration``, which is
``nn.Module.__setattr__``, and ``members`` for properties.
"""
