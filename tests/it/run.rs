//! Runs the real binary and compares everything it says.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Instant;

use regex::Regex;
use serde_json::Value;

use crate::lab::{PATIENCE, Server, schemas};

/// The program.
pub(crate) const GRAPHCTL: &str = env!("CARGO_BIN_EXE_graphctl");

/// With these a start counts as too old at once.
pub(crate) const OLD_START: [&str; 2] = ["--start-timeout", "1ms"];

/// What one run of graphctl came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Its exit status.
    pub(crate) code: i32,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
    /// What it wrote to standard error.
    pub(crate) stderr: String,
}

/// A command line of graphctl towards a server, with nothing of our own environment in it.
pub(crate) fn command(address: &str, arguments: &[&str]) -> Command {
    prepared(Command::new(GRAPHCTL), address, arguments)
}

/// The same in the network that a server is in.
pub(crate) fn command_beside(server: &Server, arguments: &[&str]) -> Command {
    prepared(server.side().command(GRAPHCTL), server.address(), arguments)
}

pub(crate) fn prepared(mut command: Command, address: &str, arguments: &[&str]) -> Command {
    for variable in [
        "GRAPHCTL_NO_ADMIN",
        "GRAPHCTL_START_TIMEOUT",
        "NO_COLOR",
        "COLUMNS",
        "GITHUB_STEP_SUMMARY",
    ] {
        command.env_remove(variable);
    }
    command
        .env("EZMSG_GRAPHSERVER_ADDR", address)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs graphctl to its end.
pub(crate) fn graphctl(address: &str, arguments: &[&str]) -> Run {
    finish(command(address, arguments).spawn().expect("graphctl starts"))
}

/// Runs graphctl again and again until it comes to what is wanted, or the lab's patience is at an end; the last
/// run of it. It may leave alone what it is asked to drop, but never fail.
pub(crate) fn graphctl_until(
    address: &str,
    arguments: &[&str],
    wanted: impl Fn(&Run) -> bool,
) -> Run {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let run = graphctl(address, arguments);
        assert!(matches!(run.code, 0 | 3), "{run:#?}");
        if wanted(&run) || Instant::now() > deadline {
            return run;
        }
    }
}

/// Runs graphctl with this on its standard input.
pub(crate) fn graphctl_with_input(address: &str, arguments: &[&str], input: &str) -> Run {
    let mut child =
        command(address, arguments).stdin(Stdio::piped()).spawn().expect("graphctl starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(input.as_bytes()).expect("graphctl reads its input");
    drop(stdin);
    finish(child)
}

/// Waits for a started graphctl. What it tells in JSON keeps to a schema, unless it was killed in the middle of it.
pub(crate) fn finish(child: Child) -> Run {
    let output = child.wait_with_output().expect("graphctl ends");
    let run = Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("graphctl writes UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("graphctl writes UTF-8"),
    };
    if run.stdout.starts_with('{') && output.status.code().is_some() {
        run.documents();
    }
    run
}

impl Run {
    /// The one JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let Ok([document]) = <[_; 1]>::try_from(self.documents()) else { panic!("{self:#?}") };
        document
    }

    /// All of them, as of `-o jsonl`.
    #[track_caller]
    pub(crate) fn documents(&self) -> Vec<Value> {
        schemas::documents(&self.stdout)
    }

    /// Itself, with what differs from run to run replaced: see [`redact`].
    pub(crate) fn redacted(&self) -> Self {
        Self { code: self.code, stdout: redact(&self.stdout), stderr: redact(&self.stderr) }
    }
}

/// Expects a run to come out exactly so, but for ids and ages.
#[track_caller]
pub(crate) fn expect(run: &Run, code: i32, stdout: &str, stderr: &str) {
    let expected = Run { code, stdout: stdout.into(), stderr: stderr.into() };
    assert_eq!(run.redacted(), expected.redacted(), "the run was {run:#?}");
}

/// What differs from run to run, and what stands for it.
const REDACTIONS: [(&str, &str); 12] = [
    // Which processes run on is the matter of the tests in `killing`.
    (r"(?m)^pid \d+ \(.*\) (is still|would go on) running.*\n", ""),
    (r"(?m)^(to end (it|them): kill .*|--kill ends (it|them) too)\n", ""),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "FULL-ID"),
    (r"\b[0-9a-f]{8}\b", "SHORTID"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
    (r"\(\S*python[^)]*\)", "(COMMAND)"),
    (r"\bpid \d+ on \S+", "pid N on HOST"),
    (r"\bpid \d+", "pid N"),
    (r"<1s|\b\d+[smhd]\b( \d+[smh]\b)?", "AGE"),
    (r"\d+\.\d ms", "N ms"),
    (r"\b\d+ (msg/s|messages a second)", "N $1"),
    // Columns are as wide as what was redacted; how they are laid out is tested where they are rendered.
    (r" {2,}", "  "),
];

/// A text, with what differs from run to run replaced.
pub(crate) fn redact(text: &str) -> String {
    // To make one takes longer than a run of graphctl.
    static PATTERNS: LazyLock<[Regex; 12]> = LazyLock::new(|| {
        REDACTIONS.map(|(pattern, _)| Regex::new(pattern).expect("a pattern of ours is one"))
    });
    let signs = REDACTIONS.map(|(_, sign)| sign);
    PATTERNS.iter().zip(signs).fold(text.to_owned(), |text, (pattern, sign)| {
        pattern.replace_all(&text, sign).into_owned()
    })
}
