;; Emacs 29 or newer (before: with eglot from ELPA): add this to init.el.
(require 'eglot)
(add-to-list 'eglot-server-programs
             '((python-mode python-ts-mode) . ("paramassign-lsp")))
(add-hook 'python-mode-hook #'eglot-ensure)
(add-hook 'python-ts-mode-hook #'eglot-ensure)
