//! Everything that is expected to go wrong: one line, one hint, one exit code each.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::address::Address;
use crate::exit::Exit;
use crate::words::list;

/// A result whose error is one of the expected ones.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A process of this machine that holds the listening socket of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortHolder {
    /// Its pid.
    pub pid: u32,
    /// Its pid and command: `pid 4711 (python -m ezmsg.core serve)`.
    pub name: String,
    /// Its state, as in `ps`: `S`, `R`, `T`, …
    pub state: char,
}

impl PortHolder {
    /// Whether a signal has stopped it, such as SIGSTOP or Ctrl-Z.
    const fn is_stopped(&self) -> bool {
        self.state == 'T'
    }

    fn describe(&self) -> String {
        let state = match self.state {
            'R' => "running",
            'S' => "sleeping",
            'D' => "waiting for a device",
            'T' => "stopped",
            't' => "stopped by a debugger",
            _ => return self.name.clone(),
        };
        format!("{} which is {state}", self.name)
    }
}

/// What can go wrong, as a person is told it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing accepted the connection.
    #[error("no GraphServer at {address}: {source}")]
    NoServer {
        /// Where it was looked for.
        address: Address,
        /// What the connection attempt came to.
        source: io::Error,
    },
    /// The connection was neither accepted nor refused.
    #[error("{}", describe_not_accepted(address, *waited, *queue_full))]
    NotAccepted {
        /// Where it was tried.
        address: Address,
        /// For how long.
        waited: Duration,
        /// The addresses that were tried and are of this machine.
        here: Vec<SocketAddr>,
        /// The queue of the listening socket is full: it keeps connections until the server accepts them.
        queue_full: bool,
        /// Processes of this machine that hold the listening socket, as far as can be seen.
        holders: Vec<PortHolder>,
    },
    /// The connection was accepted, and then nothing was said.
    #[error("{}", describe_not_greeting(address, *waited, holders))]
    NoGreeting {
        /// Who was silent.
        address: Address,
        /// For how long.
        waited: Duration,
        /// Where that is, if it is on this machine.
        here: Option<SocketAddr>,
        /// Processes of this machine that hold the listening socket, as far as can be seen.
        holders: Vec<PortHolder>,
    },
    /// Something else than a GraphServer answered.
    #[error("what listens at {address} does not greet like a GraphServer")]
    NotGraphServer {
        /// Who spoke.
        address: Address,
    },
    /// A GraphServer that says what is not in the protocol.
    #[error("the server at {address} does not keep to the GraphServer protocol: {detail}")]
    Protocol {
        /// Who spoke.
        address: Address,
        /// What was wrong with it.
        detail: String,
    },
    /// A GraphServer from before sessions existed.
    #[error("the GraphServer at {address} runs ezmsg {version}, which has no sessions")]
    NoSessions {
        /// The server.
        address: Address,
        /// Its version.
        version: String,
    },
    /// The server closed the connection in the middle of something.
    #[error("the server at {address} closed the connection while {doing}")]
    Lost {
        /// The server.
        address: Address,
        /// What was going on.
        doing: &'static str,
    },
    /// A reply did not come in time.
    #[error("the server at {address} did not answer within {} while {doing}", seconds(*waited))]
    Deadline {
        /// The server.
        address: Address,
        /// What was going on.
        doing: &'static str,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The admin program was refused, or could not run.
    #[error("the server at {address} refused the admin channel: {detail}")]
    AdminRefused {
        /// The server.
        address: Address,
        /// Why.
        detail: String,
    },
    /// The admin channel is needed and switched off.
    #[error(
        "{command} needs the admin channel, which is switched off (--no-admin or GRAPHCTL_NO_ADMIN)"
    )]
    AdminOff {
        /// The command that needs it.
        command: &'static str,
    },
    /// No session has that id.
    #[error("no session has an id that starts with '{id}'")]
    UnknownId {
        /// As typed.
        id: String,
    },
    /// More than one session has that prefix.
    #[error("'{id}' is ambiguous: it starts the ids {}", matches.join(", "))]
    AmbiguousId {
        /// As typed.
        id: String,
        /// The ids it could mean.
        matches: Vec<String>,
    },
    /// The command line is well formed and makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do instead.
        hint: String,
    },
    /// A file could not be read.
    #[error("cannot read {what}: {source}")]
    Read {
        /// The file, or "standard input".
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The audit could not be written, and nothing was dropped for that.
    #[error("cannot write the audit to {path}: {source}")]
    AuditUnwritable {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The audit could not be written when something had been dropped.
    #[error("cannot write the audit to {path}: {source}")]
    AuditLost {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The summary for GitHub Actions is no regular file, and nothing was done for that.
    #[error("cannot write the summary to {path}: {source}")]
    SummaryRefused {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The summary for GitHub Actions could not be written.
    #[error("cannot write the summary to {path}: {source}")]
    SummaryLost {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The file of metrics could not be replaced, and nothing was done for that.
    #[error("cannot write metrics to {path}: {source}")]
    MetricsUnwritable {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The file of metrics could not be replaced when all else was done.
    #[error("cannot write metrics to {path}: {source}")]
    MetricsLost {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
    /// This system has no more of what it takes.
    #[error("cannot go on: {0}")]
    Exhausted(#[source] io::Error),
    /// The command that was to be run could not be started.
    #[error("cannot start '{command}': {source}")]
    Start {
        /// The command, without its arguments.
        command: String,
        /// Why not.
        source: io::Error,
    },
    /// This system does not let us guard a command.
    #[error("cannot guard a command: {0}")]
    Guard(#[source] io::Error),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// SIGTERM, or SIGHUP.
    #[error("terminated")]
    Terminated,
}

impl Error {
    /// The exit code that goes with the error.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoServer { .. }
            | Self::NoGreeting { .. }
            | Self::Lost { .. }
            | Self::Exhausted(_) => Exit::Unavailable,
            Self::NotGraphServer { .. } | Self::Protocol { .. } | Self::NoSessions { .. } => {
                Exit::Protocol
            }
            Self::NotAccepted { queue_full: false, holders, .. } if holders.is_empty() => {
                Exit::Unavailable
            }
            Self::NotAccepted { .. } | Self::Deadline { .. } => Exit::Deadline,
            Self::AdminRefused { .. } | Self::AdminOff { .. } => Exit::NoAdmin,
            Self::UnknownId { .. }
            | Self::AmbiguousId { .. }
            | Self::Usage { .. }
            | Self::Read { .. }
            | Self::AuditUnwritable { .. }
            | Self::SummaryRefused { .. }
            | Self::MetricsUnwritable { .. } => Exit::Usage,
            Self::AuditLost { .. }
            | Self::SummaryLost { .. }
            | Self::MetricsLost { .. }
            | Self::Output(_) => Exit::Partial,
            Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Exit::NotFound
            }
            Self::Start { .. } | Self::Guard(_) => Exit::NotExecutable,
            Self::Interrupted => Exit::Interrupted,
            Self::Terminated => Exit::Terminated,
        }
    }

    /// Whether there is no server, as far as the machine it would be on can tell.
    #[must_use]
    pub fn nobody_listens(&self) -> bool {
        matches!(self, Self::NoServer { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused)
    }

    /// What the person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoServer { .. } if !self.nobody_listens() => {
                "check --address or EZMSG_GRAPHSERVER_ADDR, and the network to that host".into()
            }
            Self::NoServer { address, .. } => format!(
                "start one with `python -m ezmsg.core serve --address {address}`, or name another with --address or EZMSG_GRAPHSERVER_ADDR"
            ),
            Self::NotAccepted { here, .. } if here.is_empty() => {
                "check --address and the network to that host; if the server runs, `ss -ltn` on its machine shows whether its queue is full (Recv-Q above Send-Q)".into()
            }
            Self::NoGreeting { holders, .. } if are_all_stopped(holders) => continue_with(holders),
            Self::NotAccepted { holders, .. } | Self::NoGreeting { holders, .. } => {
                describe_port_holders(holders)
            }
            Self::NotGraphServer { .. } => {
                "check --address or EZMSG_GRAPHSERVER_ADDR: another program may be listening on that port".into()
            }
            Self::Protocol { .. } => {
                "graphctl may be too old or too new for this server; it is made for ezmsg 3.9".into()
            }
            Self::NoSessions { .. } => {
                "sessions came with ezmsg 3.9; older servers keep none, so there is nothing to clear".into()
            }
            Self::Lost { .. } => "the server may have been stopped; try again".into(),
            Self::Deadline { .. } => {
                "it may be busy or wedged; try again, or wait longer with --timeout".into()
            }
            Self::AdminRefused { .. } => {
                "--no-admin lists and checks with the documented commands alone".into()
            }
            Self::AdminOff { .. } => {
                "the server has no drop command of its own; leave --no-admin away, or unset GRAPHCTL_NO_ADMIN".into()
            }
            Self::UnknownId { .. } => "`graphctl sessions list --all` shows every id".into(),
            Self::AmbiguousId { .. } => "type more of the id".into(),
            Self::Usage { hint, .. } => hint.clone(),
            Self::AuditUnwritable { .. } => {
                "nothing was dropped; name a file with --audit that can be written".into()
            }
            Self::AuditLost { .. } => {
                "what became of the sessions stands above, and not in the audit".into()
            }
            Self::SummaryRefused { .. } => {
                "nothing was done; name a regular file in GITHUB_STEP_SUMMARY, or `unset GITHUB_STEP_SUMMARY`".into()
            }
            Self::SummaryLost { .. } => {
                "all else is done and told; GITHUB_STEP_SUMMARY must name a file that can be written, or nothing".into()
            }
            Self::MetricsUnwritable { .. } => {
                "nothing was done; name a file with --prom-file in a folder that can be written, or - for standard output".into()
            }
            Self::MetricsLost { .. } => {
                "the file is what it was before: what it tells is old".into()
            }
            Self::Exhausted(_) => {
                "raise the limit of descriptors or of threads, as with `ulimit -n 64`".into()
            }
            Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check its name and PATH; nothing was started".into()
            }
            Self::Start { .. } => {
                "it must be an executable file; name the interpreter of a script, as in `graphctl run -- python FILE`".into()
            }
            Self::Guard(_) => "it takes Linux 5.3 or newer with /proc; nothing was started".into(),
            Self::Read { .. } | Self::Output(_) | Self::Interrupted | Self::Terminated => {
                return None;
            }
        })
    }

    /// Whether it may pass with nothing done about it: the server is not there, or busy.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::NoServer { .. }
                | Self::NotAccepted { .. }
                | Self::NoGreeting { .. }
                | Self::Lost { .. }
                | Self::Deadline { .. }
        )
    }

    /// Whether the reader of our output went away, which ends us quietly.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn seconds(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn describe_not_accepted(address: &Address, waited: Duration, queue_full: bool) -> String {
    if queue_full {
        format!("the server at {address} does not accept connections: its queue is full")
    } else {
        format!("nothing at {address} answered a connection within {}", seconds(waited))
    }
}

fn describe_not_greeting(address: &Address, waited: Duration, holders: &[PortHolder]) -> String {
    if are_all_stopped(holders) {
        let names: Vec<_> = holders.iter().map(|holder| &holder.name).collect();
        return format!("the server at {address} is stopped: {}", list(&names));
    }
    format!("{address} accepts connections but does not greet (waited {})", seconds(waited))
}

/// What is seen of the processes that hold a port, and what to do. A server that is busy looks like what a dead one has
/// left, so this never advises to end a process.
fn describe_port_holders(holders: &[PortHolder]) -> String {
    if holders.is_empty() {
        return "the server behind it is busy or stopped, or has exited; `ss -ltnp` on its machine shows which process holds the port".into();
    }
    let seen: Vec<_> = holders.iter().map(PortHolder::describe).collect();
    let seen = list(&seen);
    let advice = if holders.iter().any(PortHolder::is_stopped) {
        continue_with(holders)
    } else {
        let pids = pids(holders.iter(), ",");
        format!(
            "a busy server greets late, so try again with a longer --timeout, and see what it does with `ps -fp {pids}`"
        )
    };
    format!("its listening socket is held by {seen}; {advice}")
}

fn are_all_stopped(holders: &[PortHolder]) -> bool {
    !holders.is_empty() && holders.iter().all(PortHolder::is_stopped)
}

fn continue_with(holders: &[PortHolder]) -> String {
    let stopped = pids(holders.iter().filter(|holder| holder.is_stopped()), " ");
    format!("to continue it: kill -CONT {stopped}")
}

fn pids<'a>(holders: impl Iterator<Item = &'a PortHolder>, separator: &str) -> String {
    let pids: Vec<_> = holders.map(|holder| holder.pid.to_string()).collect();
    pids.join(separator)
}
