;; Emacs 29 and later
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((dockerfile-mode dockerfile-ts-mode) . ("oakum" "lint" "--lsp"))))
(add-hook 'dockerfile-ts-mode-hook #'eglot-ensure)
