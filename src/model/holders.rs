//! The processes that hold connections, as plain data.

use std::time::Duration;

/// How many characters of a command are told.
const LONGEST_COMMAND: usize = 80;

/// Which processes hold the client's end of a connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holding {
    /// Those that were seen.
    pub holders: Vec<Holder>,
    /// Why there may be others, or why nobody could be seen; `None` if these are all there are.
    pub unsure: Option<String>,
    /// Which program saw them.
    pub seen_by: SeenBy,
}

/// Which program saw processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SeenBy {
    /// graphctl, on this machine.
    #[default]
    Graphctl,
    /// The server, on its own machine. graphctl cannot verify that.
    Server,
}

impl Holding {
    /// Nobody could be seen, for this reason.
    #[must_use]
    pub fn unknown(why: &str) -> Self {
        Self { unsure: Some(why.to_owned()), ..Self::default() }
    }

    /// All processes that hold the connection; `None` if there may be others, or if none is seen.
    #[must_use]
    pub fn all(&self) -> Option<&[Holder]> {
        (self.unsure.is_none() && !self.holders.is_empty()).then_some(&self.holders)
    }
}

/// A process of this machine that holds a socket.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    /// Its pid.
    pub pid: u32,
    /// Its pid in its own pid namespace, which it registers with.
    pub own_pid: u32,
    /// When it started, in clock ticks since the machine was booted: with the pid it names a process
    /// for good.
    pub start: u64,
    /// The pid of its parent.
    pub parent: u32,
    /// How long before the look it started; up to a tick too long.
    pub age: Duration,
    /// Its command line, or its name in brackets if it has none.
    pub command: String,
    /// Its state, as in `ps`: `S`, `R`, `T`, …
    pub state: char,
    /// It has an epoll instance that watches the socket.
    pub watches: bool,
    /// Whether one of its threads was seen waiting on the socket; `None` if that cannot be seen. One that
    /// is not seen waiting may be at work, or turn its loop by hand now and then.
    pub serving: Option<bool>,
    /// The event loop that was seen waiting on the socket.
    pub serving_loop: Option<EventLoop>,
    /// It answered a ping meanwhile in an event loop that does not watch the socket. If no process is seen to serve the
    /// socket, multiprocessing has also forked it from a program that has exited.
    pub lives_elsewhere: bool,
    /// What is known of it as a worker; `None` if its command line does not show that Python's multiprocessing started
    /// it.
    pub worker: Option<Worker>,
}

/// A thread that waits on an epoll instance, as an event loop of Python's asyncio does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventLoop {
    /// The system's id of the thread.
    pub thread: u32,
    /// How many events it takes at most. To asyncio that is how many descriptors the loop watches; one of them is its
    /// own.
    pub descriptors: u32,
    /// It waits with a time limit, because the loop has something scheduled.
    pub timed: bool,
}

/// A process that Python's multiprocessing started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Whether the program that started it is running; `None` if that cannot be seen.
    pub starter_runs: Option<bool>,
}

/// What names a process of this machine for good: its pid, and its start in clock ticks since the machine was booted.
pub type ProcessId = (u32, u64);

impl Holder {
    /// A process of which nothing but the pid is known.
    #[must_use]
    pub const fn known_by_pid(pid: u32) -> Self {
        Self {
            pid,
            own_pid: pid,
            start: 0,
            parent: 0,
            age: Duration::ZERO,
            command: String::new(),
            state: '?',
            watches: false,
            serving: None,
            serving_loop: None,
            lives_elsewhere: false,
            worker: None,
        }
    }

    /// What names it for good: a pid alone may be used again.
    #[must_use]
    pub const fn id(&self) -> ProcessId {
        (self.pid, self.start)
    }

    /// Whether it only inherited the socket: it does not serve it, and lives elsewhere.
    #[must_use]
    pub fn only_inherited(&self) -> bool {
        self.serving == Some(false) && self.lives_elsewhere
    }

    /// How it is called in words: `pid 4711 (python pipeline.py)`.
    #[must_use]
    pub fn name(&self) -> String {
        if self.command.is_empty() {
            return format!("pid {}", self.pid);
        }
        match self.command.char_indices().nth(LONGEST_COMMAND) {
            Some((end, _)) => format!("pid {} ({}…)", self.pid, &self.command[..end]),
            None => format!("pid {} ({})", self.pid, self.command),
        }
    }
}
