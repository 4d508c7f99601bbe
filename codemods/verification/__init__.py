"""The harness: it runs each fixture, and proves by execution what the rules and rewrites claim.

This side finds fixtures, starts processes and reports; it never imports torch. What imports
torch and runs programs (``worker``, ``trial``, ``invariants``) lives in child processes.
"""
