
use builtin;
use str;

set edit:completion:arg-completer[graphctl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'graphctl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'graphctl'= {
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand sessions 'See and clear sessions'
            cand run 'Launch a pipeline so that nothing of it survives its command'
            cand server 'Ask about the server'
            cand completions 'Print a completion script'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'graphctl;sessions'= {
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List sessions with their age, last activity, state and component keys'
            cand show 'Tell everything that is known of a session'
            cand check 'Tell whether component keys are free, and who holds them if not'
            cand wait 'Wait until component keys are free, or until what has them is live'
            cand drop 'Drop sessions by their id'
            cand reap 'Drop every session that is proven dead'
            cand watch 'Look again and again: a live view on a terminal, events elsewhere'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'graphctl;sessions;list'= {
            cand -o 'How to print them'
            cand --output 'How to print them'
            cand --sort 'In which order'
            cand --older-than 'At least this old'
            cand --idle-for 'Without control traffic or events for at least this long'
            cand --component 'With a component key like this'
            cand --colliding-with 'Holding this component key'
            cand --state 'In this state'
            cand --host 'With its client or a process on this host'
            cand --pid 'With a process of this pid'
            cand --exclude 'Without any component key like this'
            cand --prom-file 'Also write metrics for Prometheus'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --all 'Also show sessions of graphctl itself'
            cand --exit-code 'Exit with 1 if any session is listed'
            cand --github 'Also tell GitHub Actions'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;sessions;show'= {
            cand -o 'How to print them'
            cand --output 'How to print them'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;sessions;check'= {
            cand --from 'Read keys from a file, one a line; - for standard input'
            cand --root 'Also every key at or below this one'
            cand --wait 'How long to wait for them to be free, also for a server that is not there'
            cand -o 'How to print it'
            cand --output 'How to print it'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --github 'Also tell GitHub Actions'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;sessions;wait'= {
            cand --for 'What to wait for'
            cand --from 'Read keys from a file, one a line; - for standard input'
            cand --root 'Also every key at or below this one'
            cand --wait-timeout 'How long to wait before giving up, also for a server that is not there'
            cand -o 'How to print what is in the way, or missing'
            cand --output 'How to print what is in the way, or missing'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;sessions;drop'= {
            cand -o 'How to print what became of them'
            cand --output 'How to print what became of them'
            cand --audit 'Append a line of JSON for each target'
            cand --reason 'Why they are dropped: told in the audit and in JSON'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --force 'Drop it even if it is not proven dead; the id must be typed in full'
            cand -n 'Tell what would be dropped, and drop nothing'
            cand --dry-run 'Tell what would be dropped, and drop nothing'
            cand --kill 'Also end what is left of it on this machine'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand --github 'Also tell GitHub Actions'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;sessions;reap'= {
            cand --max 'Drop nothing if more than this many would go'
            cand -o 'How to print what became of them'
            cand --output 'How to print what became of them'
            cand --audit 'Append a line of JSON for each target'
            cand --reason 'Why they are dropped: told in the audit and in JSON'
            cand --older-than 'At least this old'
            cand --idle-for 'Without control traffic or events for at least this long'
            cand --component 'With a component key like this'
            cand --colliding-with 'Holding this component key'
            cand --state 'In this state'
            cand --host 'With its client or a process on this host'
            cand --pid 'With a process of this pid'
            cand --exclude 'Without any component key like this'
            cand --prom-file 'Also write metrics for Prometheus'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --include-suspect 'Also drop suspect sessions, and free a command lock that waits in vain'
            cand --spare-flowing 'Leave alone whose processes still send messages, or cannot be asked'
            cand -n 'Tell what would be dropped, and drop nothing'
            cand --dry-run 'Tell what would be dropped, and drop nothing'
            cand --kill 'Also end what is left of it on this machine'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand --github 'Also tell GitHub Actions'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;sessions;watch'= {
            cand --interval 'How long to wait between looks'
            cand -o 'How to show it; a table is live and needs a terminal, where it is the default'
            cand --output 'How to show it; a table is live and needs a terminal, where it is the default'
            cand --lease 'How long a lease is'
            cand --audit 'Append a line of JSON for each target'
            cand --reason 'Why they are dropped: told in the audit and in JSON'
            cand --older-than 'At least this old'
            cand --idle-for 'Without control traffic or events for at least this long'
            cand --component 'With a component key like this'
            cand --colliding-with 'Holding this component key'
            cand --state 'In this state'
            cand --host 'With its client or a process on this host'
            cand --pid 'With a process of this pid'
            cand --exclude 'Without any component key like this'
            cand --prom-file 'Also write metrics for Prometheus'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --reap 'Drop what stays condemned for a whole lease; any sign of life renews it'
            cand -n 'Tell what would be dropped, and drop nothing'
            cand --dry-run 'Tell what would be dropped, and drop nothing'
            cand --include-suspect 'Also drop suspect sessions'
            cand --spare-flowing 'Leave alone whose processes still send messages, or cannot be asked'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;sessions;help'= {
            cand list 'List sessions with their age, last activity, state and component keys'
            cand show 'Tell everything that is known of a session'
            cand check 'Tell whether component keys are free, and who holds them if not'
            cand wait 'Wait until component keys are free, or until what has them is live'
            cand drop 'Drop sessions by their id'
            cand reap 'Drop every session that is proven dead'
            cand watch 'Look again and again: a live view on a terminal, events elsewhere'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'graphctl;sessions;help;list'= {
        }
        &'graphctl;sessions;help;show'= {
        }
        &'graphctl;sessions;help;check'= {
        }
        &'graphctl;sessions;help;wait'= {
        }
        &'graphctl;sessions;help;drop'= {
        }
        &'graphctl;sessions;help;reap'= {
        }
        &'graphctl;sessions;help;watch'= {
        }
        &'graphctl;sessions;help;help'= {
        }
        &'graphctl;run'= {
            cand --grace 'How long what is left of it may take to end before it is killed'
            cand -o 'How to tell what came of it: in words on standard error, or as the last line of standard output'
            cand --output 'How to tell what came of it: in words on standard error, or as the last line of standard output'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --reap 'Before that, drop every session that is proven dead'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;server'= {
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand status 'Tell version, process and load of the server'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'graphctl;server;status'= {
            cand -o 'How to print it'
            cand --output 'How to print it'
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;server;help'= {
            cand status 'Tell version, process and load of the server'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'graphctl;server;help;status'= {
        }
        &'graphctl;server;help;help'= {
        }
        &'graphctl;completions'= {
            cand --address 'The server'
            cand --timeout 'How long one exchange with the server may take'
            cand --start-timeout 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes'
            cand --color 'When to use colour'
            cand --no-admin 'Use only the documented commands of the server: fewer facts, and nothing can be dropped'
            cand -q 'Say nothing but errors on standard error'
            cand --quiet 'Say nothing but errors on standard error'
            cand -v 'Say more on standard error'
            cand --verbose 'Say more on standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'graphctl;help'= {
            cand sessions 'See and clear sessions'
            cand run 'Launch a pipeline so that nothing of it survives its command'
            cand server 'Ask about the server'
            cand completions 'Print a completion script'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'graphctl;help;sessions'= {
            cand list 'List sessions with their age, last activity, state and component keys'
            cand show 'Tell everything that is known of a session'
            cand check 'Tell whether component keys are free, and who holds them if not'
            cand wait 'Wait until component keys are free, or until what has them is live'
            cand drop 'Drop sessions by their id'
            cand reap 'Drop every session that is proven dead'
            cand watch 'Look again and again: a live view on a terminal, events elsewhere'
        }
        &'graphctl;help;sessions;list'= {
        }
        &'graphctl;help;sessions;show'= {
        }
        &'graphctl;help;sessions;check'= {
        }
        &'graphctl;help;sessions;wait'= {
        }
        &'graphctl;help;sessions;drop'= {
        }
        &'graphctl;help;sessions;reap'= {
        }
        &'graphctl;help;sessions;watch'= {
        }
        &'graphctl;help;run'= {
        }
        &'graphctl;help;server'= {
            cand status 'Tell version, process and load of the server'
        }
        &'graphctl;help;server;status'= {
        }
        &'graphctl;help;completions'= {
        }
        &'graphctl;help;help'= {
        }
    ]
    $completions[$command]
}
