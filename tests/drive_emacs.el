;; Opens $FILE with the settings of editors/emacs.el, applies the first quick fix at its first
;; finding, and writes what was shown and the text as it is then.
(package-initialize)
(load (getenv "SETTINGS") nil t)
(setq eglot-sync-connect 20)
(find-file (getenv "FILE"))
(apply #'eglot (eglot--guess-contact))  ; What eglot-ensure does once a person types.
(let ((turns 0))
  (while (and (< turns 400) (null (flymake-diagnostics)))
    (accept-process-output nil 0.05)
    (setq turns (1+ turns))))
(let* ((shown (sort (flymake-diagnostics)
                    (lambda (a b) (< (flymake-diagnostic-beg a) (flymake-diagnostic-beg b)))))
       (place (flymake-diagnostic-beg (car shown))))
  (dolist (diagnostic shown)
    (princ (format "%d %s\n" (line-number-at-pos (flymake-diagnostic-beg diagnostic))
                   (flymake-diagnostic-text diagnostic))))
  (eglot--apply-workspace-edit
   (plist-get (car (eglot-code-actions place place "quickfix")) :edit))
  (princ "--\n")
  (princ (buffer-string)))
