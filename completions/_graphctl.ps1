
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'graphctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'graphctl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'graphctl' {
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('sessions', 'sessions', [CompletionResultType]::ParameterValue, 'See and clear sessions')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Launch a pipeline so that nothing of it survives its command')
            [CompletionResult]::new('server', 'server', [CompletionResultType]::ParameterValue, 'Ask about the server')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'graphctl;sessions' {
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List sessions with their age, last activity, state and component keys')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Tell everything that is known of a session')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Tell whether component keys are free, and who holds them if not')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until component keys are free, or until what has them is live')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Drop sessions by their id')
            [CompletionResult]::new('reap', 'reap', [CompletionResultType]::ParameterValue, 'Drop every session that is proven dead')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Look again and again: a live view on a terminal, events elsewhere')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'graphctl;sessions;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print them')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print them')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'In which order')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'At least this old')
            [CompletionResult]::new('--idle-for', '--idle-for', [CompletionResultType]::ParameterName, 'Without messages, control traffic and events for at least this long')
            [CompletionResult]::new('--component', '--component', [CompletionResultType]::ParameterName, 'With a component key like this')
            [CompletionResult]::new('--colliding-with', '--colliding-with', [CompletionResultType]::ParameterName, 'Holding this component key')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'In this state')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'With its client or a process on this host')
            [CompletionResult]::new('--pid', '--pid', [CompletionResultType]::ParameterName, 'With a process of this pid')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Without any component key like this')
            [CompletionResult]::new('--prom-file', '--prom-file', [CompletionResultType]::ParameterName, 'Also write metrics for Prometheus')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also show sessions of graphctl itself')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 1 if any session is listed')
            [CompletionResult]::new('--github', '--github', [CompletionResultType]::ParameterName, 'Also tell GitHub Actions')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;sessions;show' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print them')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print them')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--stacks', '--stacks', [CompletionResultType]::ParameterName, 'Also print the Python stacks of their processes')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;sessions;check' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read keys from a file, one a line; - for standard input')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Also every key at or below this one')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to wait for them to be free, also for a server that is not there')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print it')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print it')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--github', '--github', [CompletionResultType]::ParameterName, 'Also tell GitHub Actions')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;sessions;wait' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'What to wait for')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read keys from a file, one a line; - for standard input')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Also every key at or below this one')
            [CompletionResult]::new('--wait-timeout', '--wait-timeout', [CompletionResultType]::ParameterName, 'How long to wait before giving up')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print what is in the way, or missing')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print what is in the way, or missing')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;sessions;drop' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print what became of them')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print what became of them')
            [CompletionResult]::new('--audit', '--audit', [CompletionResultType]::ParameterName, 'Append a line of JSON for each target')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why they are dropped: told in the audit and in JSON')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Drop it even if it is not proven dead; the id must be typed in full')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Tell what would be dropped, and drop nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Tell what would be dropped, and drop nothing')
            [CompletionResult]::new('--kill', '--kill', [CompletionResultType]::ParameterName, 'Also end its remaining processes on this machine')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--github', '--github', [CompletionResultType]::ParameterName, 'Also tell GitHub Actions')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;sessions;reap' {
            [CompletionResult]::new('--max', '--max', [CompletionResultType]::ParameterName, 'Drop nothing if more than this many would go')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print what became of them')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print what became of them')
            [CompletionResult]::new('--audit', '--audit', [CompletionResultType]::ParameterName, 'Append a line of JSON for each target')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why they are dropped: told in the audit and in JSON')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'At least this old')
            [CompletionResult]::new('--idle-for', '--idle-for', [CompletionResultType]::ParameterName, 'Without messages, control traffic and events for at least this long')
            [CompletionResult]::new('--component', '--component', [CompletionResultType]::ParameterName, 'With a component key like this')
            [CompletionResult]::new('--colliding-with', '--colliding-with', [CompletionResultType]::ParameterName, 'Holding this component key')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'In this state')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'With its client or a process on this host')
            [CompletionResult]::new('--pid', '--pid', [CompletionResultType]::ParameterName, 'With a process of this pid')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Without any component key like this')
            [CompletionResult]::new('--prom-file', '--prom-file', [CompletionResultType]::ParameterName, 'Also write metrics for Prometheus')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--include-suspect', '--include-suspect', [CompletionResultType]::ParameterName, 'Also drop suspect sessions')
            [CompletionResult]::new('--spare-flowing', '--spare-flowing', [CompletionResultType]::ParameterName, 'Leave alone whose processes still send messages')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Tell what would be dropped, and drop nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Tell what would be dropped, and drop nothing')
            [CompletionResult]::new('--kill', '--kill', [CompletionResultType]::ParameterName, 'Also end its remaining processes on this machine')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--github', '--github', [CompletionResultType]::ParameterName, 'Also tell GitHub Actions')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;sessions;watch' {
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'How long to wait between looks')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to show it')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to show it')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'How long a lease is')
            [CompletionResult]::new('--audit', '--audit', [CompletionResultType]::ParameterName, 'Append a line of JSON for each target')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why they are dropped: told in the audit and in JSON')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'At least this old')
            [CompletionResult]::new('--idle-for', '--idle-for', [CompletionResultType]::ParameterName, 'Without messages, control traffic and events for at least this long')
            [CompletionResult]::new('--component', '--component', [CompletionResultType]::ParameterName, 'With a component key like this')
            [CompletionResult]::new('--colliding-with', '--colliding-with', [CompletionResultType]::ParameterName, 'Holding this component key')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'In this state')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'With its client or a process on this host')
            [CompletionResult]::new('--pid', '--pid', [CompletionResultType]::ParameterName, 'With a process of this pid')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Without any component key like this')
            [CompletionResult]::new('--prom-file', '--prom-file', [CompletionResultType]::ParameterName, 'Also write metrics for Prometheus')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reap', '--reap', [CompletionResultType]::ParameterName, 'Drop what stays condemned for a whole lease')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Tell what would be dropped, and drop nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Tell what would be dropped, and drop nothing')
            [CompletionResult]::new('--include-suspect', '--include-suspect', [CompletionResultType]::ParameterName, 'Also drop suspect sessions')
            [CompletionResult]::new('--spare-flowing', '--spare-flowing', [CompletionResultType]::ParameterName, 'Leave alone whose processes still send messages')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;sessions;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List sessions with their age, last activity, state and component keys')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Tell everything that is known of a session')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Tell whether component keys are free, and who holds them if not')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until component keys are free, or until what has them is live')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Drop sessions by their id')
            [CompletionResult]::new('reap', 'reap', [CompletionResultType]::ParameterValue, 'Drop every session that is proven dead')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Look again and again: a live view on a terminal, events elsewhere')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'graphctl;sessions;help;list' {
            break
        }
        'graphctl;sessions;help;show' {
            break
        }
        'graphctl;sessions;help;check' {
            break
        }
        'graphctl;sessions;help;wait' {
            break
        }
        'graphctl;sessions;help;drop' {
            break
        }
        'graphctl;sessions;help;reap' {
            break
        }
        'graphctl;sessions;help;watch' {
            break
        }
        'graphctl;sessions;help;help' {
            break
        }
        'graphctl;run' {
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long what is left of it may take to end before it is killed')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to report what became of it: in words on standard error, or as the last line of standard output (in a pipe or terminal after an empty line, since CMD may not have ended its own)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to report what became of it: in words on standard error, or as the last line of standard output (in a pipe or terminal after an empty line, since CMD may not have ended its own)')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reap', '--reap', [CompletionResultType]::ParameterName, 'Before that, drop every session that is proven dead')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;server' {
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell version, process and load of the server')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'graphctl;server;status' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print it')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print it')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;server;help' {
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell version, process and load of the server')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'graphctl;server;help;status' {
            break
        }
        'graphctl;server;help;help' {
            break
        }
        'graphctl;completions' {
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'The server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one exchange with the server may take')
            [CompletionResult]::new('--start-timeout', '--start-timeout', [CompletionResultType]::ParameterName, 'How long a pipeline may take to start: a younger session is not taken for dead for want of processes')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-admin', '--no-admin', [CompletionResultType]::ParameterName, 'Use only the documented commands of the server: fewer facts, and nothing can be dropped')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'graphctl;help' {
            [CompletionResult]::new('sessions', 'sessions', [CompletionResultType]::ParameterValue, 'See and clear sessions')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Launch a pipeline so that nothing of it survives its command')
            [CompletionResult]::new('server', 'server', [CompletionResultType]::ParameterValue, 'Ask about the server')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'graphctl;help;sessions' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List sessions with their age, last activity, state and component keys')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Tell everything that is known of a session')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Tell whether component keys are free, and who holds them if not')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until component keys are free, or until what has them is live')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Drop sessions by their id')
            [CompletionResult]::new('reap', 'reap', [CompletionResultType]::ParameterValue, 'Drop every session that is proven dead')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Look again and again: a live view on a terminal, events elsewhere')
            break
        }
        'graphctl;help;sessions;list' {
            break
        }
        'graphctl;help;sessions;show' {
            break
        }
        'graphctl;help;sessions;check' {
            break
        }
        'graphctl;help;sessions;wait' {
            break
        }
        'graphctl;help;sessions;drop' {
            break
        }
        'graphctl;help;sessions;reap' {
            break
        }
        'graphctl;help;sessions;watch' {
            break
        }
        'graphctl;help;run' {
            break
        }
        'graphctl;help;server' {
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell version, process and load of the server')
            break
        }
        'graphctl;help;server;status' {
            break
        }
        'graphctl;help;completions' {
            break
        }
        'graphctl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
