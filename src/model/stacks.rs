//! The Python stacks of processes, as plain data.

use std::fmt;
use std::sync::Arc;

use super::Holder;

/// The opener of a session, and the processes that may run its units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    /// The processes that hold the session's connection, and their running descendants, but for Python's own resource
    /// trackers.
    pub members: Vec<Member>,
    /// Why there may be more of them; `None` if these are all.
    pub unsure: Option<String>,
}

/// A process of a session's family.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The process. Of a descendant, `serving` is `None`.
    pub process: Holder,
    /// It holds the session's connection; otherwise it is a descendant of a process that does.
    pub holds: bool,
    /// Its stacks, or why they are not known.
    pub stacks: Result<Arc<Stacks>, StacksError>,
    /// The signals for which it has handlers: SIGHUP, 1, is bit 0. `None` if they are not known.
    pub handled_signals: Option<u64>,
    /// Its main thread waits for a line from a terminal, and for nothing else.
    pub waits_at_terminal: bool,
    /// How many threads it has, also those that run no Python. `None` if they cannot be counted.
    pub threads: Option<usize>,
}

impl Member {
    /// A process of which nothing else is known.
    #[must_use]
    pub const fn new(
        process: Holder,
        holds: bool,
        stacks: Result<Arc<Stacks>, StacksError>,
    ) -> Self {
        Self {
            process,
            holds,
            stacks,
            handled_signals: None,
            waits_at_terminal: false,
            threads: None,
        }
    }
}

/// Why the Python stacks of a process are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StacksError {
    /// It runs no Python: no path in its memory map contains `python`.
    NotPython,
    /// The system does not let this user read its memory.
    Forbidden,
    /// It has exited.
    Gone,
    /// Another reason, in words.
    Failed(String),
}

impl fmt::Display for StacksError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotPython => "it runs no Python",
            Self::Forbidden => "permission denied",
            Self::Gone => "it has exited",
            Self::Failed(why) => why,
        })
    }
}

/// The Python stacks of a process, from one reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stacks {
    /// The version of Python, such as `3.11.7`.
    pub python: String,
    /// The version of ezmsg that a thread runs. `None` if no thread runs ezmsg, or if its version is not known.
    pub ezmsg: Option<String>,
    /// The threads that run Python code.
    pub threads: Vec<Thread>,
}

/// A thread that runs Python code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The system's id of the thread, where it is known.
    pub id: Option<u32>,
    /// Its name in Python.
    pub name: Option<String>,
    /// Its frames, innermost first.
    pub frames: Vec<Frame>,
}

/// A call that has not returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function, with its class from Python 3.11 on: `GraphRunner.start`; before, `start`.
    pub function: String,
    /// The path of its source file, as Python knows it.
    pub file: String,
    /// The line, from 1; 0 if it is not known.
    pub line: u32,
}

impl Frame {
    /// The name of the function without its class.
    #[must_use]
    pub fn name(&self) -> &str {
        self.function.rsplit('.').next().unwrap_or_default()
    }

    /// Whether it is of this function, without its class, in a file whose path ends with `file`.
    #[must_use]
    pub fn is(&self, name: &str, file: &str) -> bool {
        self.name() == name && self.is_in(file)
    }

    /// Whether it is any of these functions, each given with its file as in [`is`](Self::is).
    #[must_use]
    pub fn is_any_of(&self, functions: &[(&str, &str)]) -> bool {
        functions.iter().any(|(name, file)| self.is(name, file))
    }

    /// Whether it is in a file whose path ends with this.
    #[must_use]
    pub fn is_in(&self, file: &str) -> bool {
        let directory = self.file.strip_suffix(file);
        directory.is_some_and(|it| it.is_empty() || it.ends_with('/'))
    }
}
