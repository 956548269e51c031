//! The words of the judgement.

use std::fmt;

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Every unit has its process, and every process answered.
    Live,
    /// Not every unit has a process yet, and the start timeout is not over.
    Starting,
    /// It registered no components: a dashboard, a tap, low-level API use.
    Observer,
    /// Dead, with proof.
    Stale(StaleReason),
    /// Something is wrong, and it may still be alive.
    Suspect(SuspectReason),
    /// Facts are missing or contradict each other.
    Unknown,
}

/// The proof that a session is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StaleReason {
    /// Its client closed while it was being opened, and nobody in the server noticed.
    Ghost,
    /// Its client closed the connection, and the server is held up before it can notice.
    ClientClosed,
    /// The process that opened it is dead, and its connection is kept open by heirs that do not read it.
    Headless,
    /// Its host has vanished: nothing is acknowledged there any more.
    HalfOpen,
    /// Its start has failed: some unit has no process, and no process of the pipeline can start or run it.
    StartFailed,
    /// Its units have ended, or may have, and the process that opened it has left the pipeline without closing the
    /// session.
    Abandoned,
    /// A process registration whose session is gone, and so is the program that started the process.
    Leftover,
}

/// What makes a session suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SuspectReason {
    /// Some or all of its processes do not answer.
    Unresponsive,
    /// Some of its units have lost their process, or their publishers and subscribers; or it is older than the start
    /// timeout, some unit has no process, and the others may have sent messages.
    Partial,
    /// Older than the start timeout, some unit has no process yet, and no message has flowed.
    NeverStarted,
}

impl Verdict {
    /// Every state, in the order of the documentation.
    pub const STATES: [&str; 6] = ["live", "starting", "observer", "stale", "suspect", "unknown"];

    /// The first word: one of [`STATES`](Self::STATES).
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Starting => "starting",
            Self::Observer => "observer",
            Self::Stale(_) => "stale",
            Self::Suspect(_) => "suspect",
            Self::Unknown => "unknown",
        }
    }

    /// The second word, where there is one.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Stale(reason) => Some(match reason {
                StaleReason::Ghost => "ghost",
                StaleReason::ClientClosed => "client-closed",
                StaleReason::Headless => "headless",
                StaleReason::HalfOpen => "half-open",
                StaleReason::StartFailed => "start-failed",
                StaleReason::Abandoned => "abandoned",
                StaleReason::Leftover => "leftover",
            }),
            Self::Suspect(reason) => Some(match reason {
                SuspectReason::Unresponsive => "unresponsive",
                SuspectReason::Partial => "partial",
                SuspectReason::NeverStarted => "never-started",
            }),
            Self::Live | Self::Starting | Self::Observer | Self::Unknown => None,
        }
    }

    /// Dead, with proof.
    #[must_use]
    pub const fn is_stale(self) -> bool {
        matches!(self, Self::Stale(_))
    }

    /// Something is wrong, and it may still be alive.
    #[must_use]
    pub const fn is_suspect(self) -> bool {
        matches!(self, Self::Suspect(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(reason) => write!(formatter, "{} {reason}", self.state()),
            None => formatter.write_str(self.state()),
        }
    }
}
