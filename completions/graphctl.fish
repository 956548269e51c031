complete --keep-order --exclusive --command graphctl --arguments "(GRAPHCTL_COMPLETE=fish graphctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
