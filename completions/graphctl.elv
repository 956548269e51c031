
set edit:completion:arg-completer[graphctl] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) GRAPHCTL_COMPLETE="elvish" graphctl -- $@words) | to-lines
}

