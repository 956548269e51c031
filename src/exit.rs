//! Every exit code of graphctl, once. `--help`, the man page and the README are made from this table.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How graphctl ends. Numbers above 63 follow `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or there was nothing to do.
    Success = 0,
    /// What was asked about was found: `check` met a collision, `list --exit-code` a match; or `wait`
    /// waited in vain.
    Findings = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Something asked for was refused by a guard, had changed meanwhile, did not go, or
    /// could not be written.
    Partial = 3,
    /// No server there, it went away, or a port that accepts and never greets.
    Unavailable = 69,
    /// A bug in graphctl.
    Bug = 70,
    /// A deadline passed: the server is busy or wedged.
    Deadline = 75,
    /// Not a GraphServer, or one without sessions (ezmsg before 3.9).
    Protocol = 76,
    /// The admin channel was refused, or is switched off where it is needed.
    NoAdmin = 77,
    /// Interrupted by Ctrl-C.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// All codes, in order.
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::Findings,
        Self::Usage,
        Self::Partial,
        Self::Unavailable,
        Self::Bug,
        Self::Deadline,
        Self::Protocol,
        Self::NoAdmin,
        Self::Interrupted,
        Self::Terminated,
    ];

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
            Self::Interrupted => "interrupted (Ctrl-C)",
            Self::Terminated => "ended by SIGTERM",
        }
    }

    /// The number the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The table as `--help` prints it.
    #[must_use]
    pub fn help() -> String {
        let mut text = String::from("Exit codes:\n");
        for exit in Self::ALL {
            let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning());
        }
        text
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
