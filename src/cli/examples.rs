//! What people type: examples for help and man pages. Each is a line that graphctl takes.

use std::fmt::Write as _;

/// A command line, and what it is for.
pub type Example = (&'static str, &'static str);

/// Those of a command, which is named as it is typed; none for a command of commands.
#[must_use]
pub fn of(command: &str) -> &'static [Example] {
    match command {
        "graphctl" => &[
            ("graphctl sessions list", "See who is there"),
            ("graphctl sessions reap --dry-run", "See what is dead"),
            ("graphctl sessions reap --older-than 5m", "Drop that, as in CI before a launch"),
            ("graphctl --address lab:25978 server status", "Ask another server how it is"),
        ],
        "graphctl sessions list" => &[
            ("graphctl sessions list", "Who is there, since when, and in what state"),
            ("graphctl sessions list --state stale -o name", "The ids of what is dead, one a line"),
            ("graphctl sessions list --component 'LAB/*' --idle-for 1h", "Who sits idle below LAB"),
            (
                "graphctl sessions list --state stale --exit-code -o json",
                "For a script: 1 if anything is dead",
            ),
            (
                "graphctl sessions list -q --prom-file graphctl.prom",
                "Metrics for Prometheus' node exporter, from cron",
            ),
        ],
        "graphctl sessions show" => &[
            ("graphctl sessions show 5b19", "Everything known of one, by the start of its id"),
            ("graphctl sessions show 5b19 4f30 -o json", "The same of two, for a script"),
        ],
        "graphctl sessions check" => &[
            ("graphctl sessions check SYSTEM SYSTEM/PUB", "Are these keys free?"),
            ("graphctl sessions check --root SYSTEM", "Are SYSTEM and all below it?"),
            (
                "python keys.py | graphctl sessions check --from -",
                "Are those that a script prints?",
            ),
            ("graphctl sessions check --root SYSTEM --wait 30s", "Do they become free in time?"),
        ],
        "graphctl sessions wait" => &[
            (
                "graphctl sessions wait --for live SYSTEM",
                "Until all of a pipeline runs and answers",
            ),
            (
                "graphctl sessions wait --for free --root SYSTEM --wait-timeout 5m",
                "Until nobody has it, or anything below it",
            ),
        ],
        "graphctl sessions drop" => &[
            ("graphctl sessions drop 5b19", "Drop what is proven dead"),
            (
                "graphctl sessions drop 5b19 --kill",
                "And end its remaining processes on this machine",
            ),
            (
                "graphctl sessions drop --force 5b199546-e6fe-11f1-a4f2-02fc00000001",
                "Drop it whatever it is: the id must be typed in full",
            ),
        ],
        "graphctl sessions reap" => &[
            ("graphctl sessions reap --dry-run", "What would go, and why"),
            ("graphctl sessions reap --older-than 5m", "Before a launch, in CI"),
            (
                "graphctl sessions reap --component 'LAB/*' --max 3 -y",
                "Of one lab, and no more than 3",
            ),
            (
                "graphctl sessions reap --audit reaped.jsonl --reason nightly",
                "With a record of what went, and why",
            ),
        ],
        "graphctl sessions watch" => &[
            ("graphctl sessions watch", "At a terminal: live; ? tells the keys"),
            ("graphctl sessions watch -o jsonl", "Events, one a line"),
            ("graphctl sessions watch --reap --lease 5m", "Drop what stays dead for 5 minutes"),
        ],
        "graphctl run" => &[
            ("graphctl run -- python my_pipeline.py", "Nothing of it survives its command"),
            ("graphctl run --reap -- python my_pipeline.py", "And phantoms are cleared before"),
            (
                "graphctl run -o json -- python my_pipeline.py | tail -n 1",
                "What became of what it left, for a script",
            ),
        ],
        "graphctl server status" => &[
            ("graphctl server status", "Version, process and load"),
            ("graphctl server status -o json", "The same for a script"),
        ],
        "graphctl completions" => &[
            ("source <(graphctl completions bash)", "For this bash"),
            (
                "graphctl completions zsh > ~/.zfunc/_graphctl",
                "For zsh, whose fpath has that folder",
            ),
            ("graphctl completions fish > ~/.config/fish/completions/graphctl.fish", "For fish"),
            ("eval (graphctl completions elvish | slurp)", "For Elvish, in its rc.elv"),
        ],
        _ => &[],
    }
}

/// As `--help` shows them.
pub(super) fn help(command: &str) -> String {
    of(command).iter().fold(String::from("Examples:\n"), |mut text, (line, purpose)| {
        let _ = writeln!(text, "  {line}\n      {purpose}");
        text
    })
}
