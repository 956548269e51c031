# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_graphctl_global_optspecs
    string join \n address= timeout= no-admin start-timeout= color= q/quiet v/verbose h/help V/version
end

function __fish_graphctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_graphctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_graphctl_using_subcommand
    set -l cmd (__fish_graphctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c graphctl -n "__fish_graphctl_needs_command" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_needs_command" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_needs_command" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_needs_command" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_needs_command" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_needs_command" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_needs_command" -s V -l version -d 'Print version'
complete -c graphctl -n "__fish_graphctl_needs_command" -f -a "sessions" -d 'See and clear sessions'
complete -c graphctl -n "__fish_graphctl_needs_command" -f -a "session" -d 'See and clear sessions'
complete -c graphctl -n "__fish_graphctl_needs_command" -f -a "run" -d 'Launch a pipeline so that nothing of it survives its command'
complete -c graphctl -n "__fish_graphctl_needs_command" -f -a "server" -d 'Ask about the server'
complete -c graphctl -n "__fish_graphctl_needs_command" -f -a "completions" -d 'Print a completion script'
complete -c graphctl -n "__fish_graphctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "list" -d 'List sessions with their age, last activity, state and component keys'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "ls" -d 'List sessions with their age, last activity, state and component keys'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "show" -d 'Tell everything that is known of a session'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "check" -d 'Tell whether component keys are free, and who holds them if not'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "wait" -d 'Wait until component keys are free, or until what has them is live'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "drop" -d 'Drop sessions by their id'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "reap" -d 'Drop every session that is proven dead'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "watch" -d 'Look again and again: a live view on a terminal, events elsewhere'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print them' -r -f -a "table\t'For people'
wide\t'For people with wide terminals: every column, nothing cut'
json\t'One JSON document'
jsonl\t'One JSON object a line'
name\t'One id a line; of a drop, the ids that went'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l sort -d 'In which order' -r -f -a "age\t'Oldest first'
idle\t'Longest without activity first'
state\t'By state, stale first'
component\t'By the first component key'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l older-than -d 'At least this old' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l idle-for -d 'Without control traffic or events for at least this long; messages between units do not count' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l component -d 'With a component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l colliding-with -d 'Holding this component key' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l state -d 'In this state' -r -f -a "live\t''
starting\t''
observer\t''
stale\t''
suspect\t''
unknown\t''"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l host -d 'With its client or a process on this host' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l pid -d 'With a process of this pid' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l exclude -d 'Without any component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l all -d 'Also show sessions of graphctl itself'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l exit-code -d 'Exit with 1 if any session is listed'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -s o -l output -d 'How to print them' -r -f -a "table\t'For people'
wide\t'For people with wide terminals: every column, nothing cut'
json\t'One JSON document'
jsonl\t'One JSON object a line'
name\t'One id a line; of a drop, the ids that went'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l sort -d 'In which order' -r -f -a "age\t'Oldest first'
idle\t'Longest without activity first'
state\t'By state, stale first'
component\t'By the first component key'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l older-than -d 'At least this old' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l idle-for -d 'Without control traffic or events for at least this long; messages between units do not count' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l component -d 'With a component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l colliding-with -d 'Holding this component key' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l state -d 'In this state' -r -f -a "live\t''
starting\t''
observer\t''
stale\t''
suspect\t''
unknown\t''"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l host -d 'With its client or a process on this host' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l pid -d 'With a process of this pid' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l exclude -d 'Without any component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l all -d 'Also show sessions of graphctl itself'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l exit-code -d 'Exit with 1 if any session is listed'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print them' -r -f -a "table\t'For people'
json\t'One JSON document'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -l from -d 'Read keys from a file, one a line; - for standard input' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -l root -d 'Also every key at or below this one' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -l wait -d 'How long to wait for them to be free, also for a server that is not there' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -s o -l output -d 'How to print it' -r -f -a "table\t'For people'
json\t'One JSON document'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l for -d 'What to wait for' -r -f -a "free\t'Nobody has registered the keys, and no process owns them'
live\t'The keys are registered, and every unit among and below them has its process, which answers'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l from -d 'Read keys from a file, one a line; - for standard input' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l root -d 'Also every key at or below this one' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l wait-timeout -d 'How long to wait before giving up, also for a server that is not there' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -s o -l output -d 'How to print what is in the way, or missing' -r -f -a "table\t'For people'
json\t'One JSON document'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -s o -l output -d 'How to print what became of them' -r -f -a "table\t'For people'
wide\t'For people with wide terminals: every column, nothing cut'
json\t'One JSON document'
jsonl\t'One JSON object a line'
name\t'One id a line; of a drop, the ids that went'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l audit -d 'Append a line of JSON for each session that was to be dropped: what became of it, when, and by whom' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l reason -d 'Why they are dropped: told in the audit and in JSON' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l force -d 'Drop it even if it is not proven dead; the id must be typed in full'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -s n -l dry-run -d 'Tell what would be dropped, and drop nothing'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l kill -d 'Also end the processes of this machine that held its connections, if all their TCP sockets belonged to what was dropped: SIGTERM, and SIGKILL after 5 s'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -s y -l yes -d 'Do not ask'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l max -d 'Drop nothing if more than this many would go' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -s o -l output -d 'How to print what became of them' -r -f -a "table\t'For people'
wide\t'For people with wide terminals: every column, nothing cut'
json\t'One JSON document'
jsonl\t'One JSON object a line'
name\t'One id a line; of a drop, the ids that went'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l audit -d 'Append a line of JSON for each session that was to be dropped: what became of it, when, and by whom' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l reason -d 'Why they are dropped: told in the audit and in JSON' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l older-than -d 'At least this old' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l idle-for -d 'Without control traffic or events for at least this long; messages between units do not count' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l component -d 'With a component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l colliding-with -d 'Holding this component key' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l state -d 'In this state' -r -f -a "live\t''
starting\t''
observer\t''
stale\t''
suspect\t''
unknown\t''"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l host -d 'With its client or a process on this host' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l pid -d 'With a process of this pid' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l exclude -d 'Without any component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l include-suspect -d 'Also drop suspect sessions, and free a command lock that waits in vain'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l spare-flowing -d 'Leave alone whose processes still send messages, or cannot be asked'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -s n -l dry-run -d 'Tell what would be dropped, and drop nothing'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l kill -d 'Also end the processes of this machine that held its connections, if all their TCP sockets belonged to what was dropped: SIGTERM, and SIGKILL after 5 s'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -s y -l yes -d 'Do not ask'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from reap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l interval -d 'How long to wait between looks' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -s o -l output -d 'How to show it; a table is live and needs a terminal, where it is the default' -r -f -a "table\t'For people'
jsonl\t'One JSON object a line'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l lease -d 'How long a lease is' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l audit -d 'Append a line of JSON for each session that was to be dropped: what became of it, when, and by whom' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l reason -d 'Why they are dropped: told in the audit and in JSON' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l older-than -d 'At least this old' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l idle-for -d 'Without control traffic or events for at least this long; messages between units do not count' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l component -d 'With a component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l colliding-with -d 'Holding this component key' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l state -d 'In this state' -r -f -a "live\t''
starting\t''
observer\t''
stale\t''
suspect\t''
unknown\t''"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l host -d 'With its client or a process on this host' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l pid -d 'With a process of this pid' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l exclude -d 'Without any component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l reap -d 'Drop what stays condemned for a whole lease; any sign of life renews it'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -s n -l dry-run -d 'Tell what would be dropped, and drop nothing'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l include-suspect -d 'Also drop suspect sessions'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l spare-flowing -d 'Leave alone whose processes still send messages, or cannot be asked'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "list" -d 'List sessions with their age, last activity, state and component keys'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "show" -d 'Tell everything that is known of a session'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "check" -d 'Tell whether component keys are free, and who holds them if not'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "wait" -d 'Wait until component keys are free, or until what has them is live'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "drop" -d 'Drop sessions by their id'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "reap" -d 'Drop every session that is proven dead'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "watch" -d 'Look again and again: a live view on a terminal, events elsewhere'
complete -c graphctl -n "__fish_graphctl_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "list" -d 'List sessions with their age, last activity, state and component keys'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "ls" -d 'List sessions with their age, last activity, state and component keys'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "show" -d 'Tell everything that is known of a session'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "check" -d 'Tell whether component keys are free, and who holds them if not'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "wait" -d 'Wait until component keys are free, or until what has them is live'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "drop" -d 'Drop sessions by their id'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "reap" -d 'Drop every session that is proven dead'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "watch" -d 'Look again and again: a live view on a terminal, events elsewhere'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and not __fish_seen_subcommand_from list ls show check wait drop reap watch help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print them' -r -f -a "table\t'For people'
wide\t'For people with wide terminals: every column, nothing cut'
json\t'One JSON document'
jsonl\t'One JSON object a line'
name\t'One id a line; of a drop, the ids that went'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l sort -d 'In which order' -r -f -a "age\t'Oldest first'
idle\t'Longest without activity first'
state\t'By state, stale first'
component\t'By the first component key'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l older-than -d 'At least this old' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l idle-for -d 'Without control traffic or events for at least this long; messages between units do not count' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l component -d 'With a component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l colliding-with -d 'Holding this component key' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l state -d 'In this state' -r -f -a "live\t''
starting\t''
observer\t''
stale\t''
suspect\t''
unknown\t''"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l host -d 'With its client or a process on this host' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l pid -d 'With a process of this pid' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l exclude -d 'Without any component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l all -d 'Also show sessions of graphctl itself'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l exit-code -d 'Exit with 1 if any session is listed'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -s o -l output -d 'How to print them' -r -f -a "table\t'For people'
wide\t'For people with wide terminals: every column, nothing cut'
json\t'One JSON document'
jsonl\t'One JSON object a line'
name\t'One id a line; of a drop, the ids that went'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l sort -d 'In which order' -r -f -a "age\t'Oldest first'
idle\t'Longest without activity first'
state\t'By state, stale first'
component\t'By the first component key'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l older-than -d 'At least this old' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l idle-for -d 'Without control traffic or events for at least this long; messages between units do not count' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l component -d 'With a component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l colliding-with -d 'Holding this component key' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l state -d 'In this state' -r -f -a "live\t''
starting\t''
observer\t''
stale\t''
suspect\t''
unknown\t''"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l host -d 'With its client or a process on this host' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l pid -d 'With a process of this pid' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l exclude -d 'Without any component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l all -d 'Also show sessions of graphctl itself'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l exit-code -d 'Exit with 1 if any session is listed'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print them' -r -f -a "table\t'For people'
json\t'One JSON document'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -l from -d 'Read keys from a file, one a line; - for standard input' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -l root -d 'Also every key at or below this one' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -l wait -d 'How long to wait for them to be free, also for a server that is not there' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -s o -l output -d 'How to print it' -r -f -a "table\t'For people'
json\t'One JSON document'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l for -d 'What to wait for' -r -f -a "free\t'Nobody has registered the keys, and no process owns them'
live\t'The keys are registered, and every unit among and below them has its process, which answers'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l from -d 'Read keys from a file, one a line; - for standard input' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l root -d 'Also every key at or below this one' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l wait-timeout -d 'How long to wait before giving up, also for a server that is not there' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -s o -l output -d 'How to print what is in the way, or missing' -r -f -a "table\t'For people'
json\t'One JSON document'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -s o -l output -d 'How to print what became of them' -r -f -a "table\t'For people'
wide\t'For people with wide terminals: every column, nothing cut'
json\t'One JSON document'
jsonl\t'One JSON object a line'
name\t'One id a line; of a drop, the ids that went'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l audit -d 'Append a line of JSON for each session that was to be dropped: what became of it, when, and by whom' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l reason -d 'Why they are dropped: told in the audit and in JSON' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l force -d 'Drop it even if it is not proven dead; the id must be typed in full'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -s n -l dry-run -d 'Tell what would be dropped, and drop nothing'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l kill -d 'Also end the processes of this machine that held its connections, if all their TCP sockets belonged to what was dropped: SIGTERM, and SIGKILL after 5 s'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -s y -l yes -d 'Do not ask'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l max -d 'Drop nothing if more than this many would go' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -s o -l output -d 'How to print what became of them' -r -f -a "table\t'For people'
wide\t'For people with wide terminals: every column, nothing cut'
json\t'One JSON document'
jsonl\t'One JSON object a line'
name\t'One id a line; of a drop, the ids that went'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l audit -d 'Append a line of JSON for each session that was to be dropped: what became of it, when, and by whom' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l reason -d 'Why they are dropped: told in the audit and in JSON' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l older-than -d 'At least this old' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l idle-for -d 'Without control traffic or events for at least this long; messages between units do not count' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l component -d 'With a component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l colliding-with -d 'Holding this component key' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l state -d 'In this state' -r -f -a "live\t''
starting\t''
observer\t''
stale\t''
suspect\t''
unknown\t''"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l host -d 'With its client or a process on this host' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l pid -d 'With a process of this pid' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l exclude -d 'Without any component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l include-suspect -d 'Also drop suspect sessions, and free a command lock that waits in vain'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l spare-flowing -d 'Leave alone whose processes still send messages, or cannot be asked'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -s n -l dry-run -d 'Tell what would be dropped, and drop nothing'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l kill -d 'Also end the processes of this machine that held its connections, if all their TCP sockets belonged to what was dropped: SIGTERM, and SIGKILL after 5 s'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -s y -l yes -d 'Do not ask'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from reap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l interval -d 'How long to wait between looks' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -s o -l output -d 'How to show it; a table is live and needs a terminal, where it is the default' -r -f -a "table\t'For people'
jsonl\t'One JSON object a line'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l lease -d 'How long a lease is' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l audit -d 'Append a line of JSON for each session that was to be dropped: what became of it, when, and by whom' -r -F
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l reason -d 'Why they are dropped: told in the audit and in JSON' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l older-than -d 'At least this old' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l idle-for -d 'Without control traffic or events for at least this long; messages between units do not count' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l component -d 'With a component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l colliding-with -d 'Holding this component key' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l state -d 'In this state' -r -f -a "live\t''
starting\t''
observer\t''
stale\t''
suspect\t''
unknown\t''"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l host -d 'With its client or a process on this host' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l pid -d 'With a process of this pid' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l exclude -d 'Without any component key like this' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l reap -d 'Drop what stays condemned for a whole lease; any sign of life renews it'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -s n -l dry-run -d 'Tell what would be dropped, and drop nothing'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l include-suspect -d 'Also drop suspect sessions'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l spare-flowing -d 'Leave alone whose processes still send messages, or cannot be asked'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "list" -d 'List sessions with their age, last activity, state and component keys'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "show" -d 'Tell everything that is known of a session'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "check" -d 'Tell whether component keys are free, and who holds them if not'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "wait" -d 'Wait until component keys are free, or until what has them is live'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "drop" -d 'Drop sessions by their id'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "reap" -d 'Drop every session that is proven dead'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "watch" -d 'Look again and again: a live view on a terminal, events elsewhere'
complete -c graphctl -n "__fish_graphctl_using_subcommand session; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -l grace -d 'How long what is left of it may take to end before it is killed' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -l reap -d 'Before that, drop every session that is proven dead'
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -f -a "status" -d 'Tell version, process and load of the server'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and not __fish_seen_subcommand_from status help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -s o -l output -d 'How to print it' -r -f -a "table\t'For people'
json\t'One JSON document'"
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from help" -f -a "status" -d 'Tell version, process and load of the server'
complete -c graphctl -n "__fish_graphctl_using_subcommand server; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c graphctl -n "__fish_graphctl_using_subcommand completions" -l address -d 'The server' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand completions" -l timeout -d 'How long one exchange with the server may take' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand completions" -l start-timeout -d 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes' -r
complete -c graphctl -n "__fish_graphctl_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c graphctl -n "__fish_graphctl_using_subcommand completions" -l no-admin -d 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
complete -c graphctl -n "__fish_graphctl_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand completions" -s v -l verbose -d 'Say more on standard error'
complete -c graphctl -n "__fish_graphctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and not __fish_seen_subcommand_from sessions run server completions help" -f -a "sessions" -d 'See and clear sessions'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and not __fish_seen_subcommand_from sessions run server completions help" -f -a "run" -d 'Launch a pipeline so that nothing of it survives its command'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and not __fish_seen_subcommand_from sessions run server completions help" -f -a "server" -d 'Ask about the server'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and not __fish_seen_subcommand_from sessions run server completions help" -f -a "completions" -d 'Print a completion script'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and not __fish_seen_subcommand_from sessions run server completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "list" -d 'List sessions with their age, last activity, state and component keys'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "show" -d 'Tell everything that is known of a session'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "check" -d 'Tell whether component keys are free, and who holds them if not'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "wait" -d 'Wait until component keys are free, or until what has them is live'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "drop" -d 'Drop sessions by their id'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "reap" -d 'Drop every session that is proven dead'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "watch" -d 'Look again and again: a live view on a terminal, events elsewhere'
complete -c graphctl -n "__fish_graphctl_using_subcommand help; and __fish_seen_subcommand_from server" -f -a "status" -d 'Tell version, process and load of the server'
