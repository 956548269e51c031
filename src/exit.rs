//! Every exit code of graphctl, once. `--help`, the man page and the README are made from this table.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How graphctl ends. Numbers above 63 follow `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or there was nothing to do.
    Success,
    /// What was asked about was found: `check` met a collision, `list --exit-code` a match; or `wait`
    /// waited in vain.
    Findings,
    /// The command line makes no sense.
    Usage,
    /// Something asked for was refused by a guard, had changed meanwhile, did not go, or
    /// could not be written.
    Partial,
    /// No server there, it went away, or a port that accepts and never greets.
    Unavailable,
    /// A bug in graphctl.
    Bug,
    /// A deadline passed: the server is busy or wedged.
    Deadline,
    /// Not a GraphServer, or one without sessions (ezmsg before 3.9).
    Protocol,
    /// The admin channel was refused, or is switched off where it is needed.
    NoAdmin,
    /// `run`: the command cannot be executed.
    NotExecutable,
    /// `run`: there is no such command.
    NotFound,
    /// Interrupted by Ctrl-C.
    Interrupted,
    /// Ended by SIGTERM, or by the end of its terminal.
    Terminated,
    /// `run`: the command's own status; 128 and the number of the signal that ended it.
    Of(u8),
}

impl Exit {
    /// All codes of graphctl's own, in order.
    pub const ALL: [Self; 13] = [
        Self::Success,
        Self::Findings,
        Self::Usage,
        Self::Partial,
        Self::Unavailable,
        Self::Bug,
        Self::Deadline,
        Self::Protocol,
        Self::NoAdmin,
        Self::NotExecutable,
        Self::NotFound,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// What [`Of`](Self::Of) means.
    pub const OF_A_COMMAND: &str =
        "`run` exits as its command does; 128 and N say that signal N ended it.";

    /// What the code means, in one line.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "done, or nothing to do",
            Self::Findings => {
                "findings: `check` met a collision, `list --exit-code` a match; `wait` gave up"
            }
            Self::Usage => "the command line makes no sense",
            Self::Partial => {
                "partial: something was refused by a guard, had changed, did not go, or could not be written"
            }
            Self::Unavailable => "no server there, or a port that accepts and never greets",
            Self::Bug => "a bug in graphctl",
            Self::Deadline => "a deadline passed: the server is busy or wedged",
            Self::Protocol => "not a GraphServer, or one without sessions (ezmsg before 3.9)",
            Self::NoAdmin => "the admin channel was refused, or is switched off where it is needed",
            Self::NotExecutable => "`run`: the command cannot be executed",
            Self::NotFound => "`run`: the command was not found",
            Self::Interrupted => "interrupted (Ctrl-C)",
            Self::Terminated => "ended by SIGTERM or SIGHUP; `watch` exits with 0",
            Self::Of(_) => "`run`: as the command exited",
        }
    }

    /// The number the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Unavailable => 69,
            Self::Bug => 70,
            Self::Deadline => 75,
            Self::Protocol => 76,
            Self::NoAdmin => 77,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Of(status) => status,
        }
    }

    /// The table as `--help` prints it.
    #[must_use]
    pub fn help() -> String {
        let mut text = String::from("Exit codes:\n");
        for exit in Self::ALL {
            let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning());
        }
        text + Self::OF_A_COMMAND + "\n"
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
