"""The language server, and what an editor is told: findings, their rules, and how to mend them.

``server`` speaks the protocol (the extra ``lsp``), ``pylsp`` is a plugin of python-lsp-server;
everything else knows neither of the two. A ``Program`` is what is open in the editor, an
``Analysis`` all that is known of one version of it.
"""
