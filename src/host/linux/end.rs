//! Ends processes.
//!
//! A pid may be somebody else's by the time that a signal arrives, so signals go through pidfds: each
//! names one process for good, and is opened before it is checked that it is the right one.

use std::collections::HashSet;
use std::fs;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::time::Duration;

use procfs::ProcResult;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::process::{alive, is_gone, open_process};
use crate::host::{Ended, Means};
use crate::model::Holder;

/// How long a killed process may take to be gone.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// See [`crate::host::end`].
pub(in crate::host) async fn end(holders: &[Holder], means: Means) -> Vec<Ended> {
    let root = Path::new(super::ROOT);
    let spared = line_of(root, std::process::id());
    let mut running = JoinSet::new();
    for (index, holder) in holders.iter().enumerate() {
        let target = Target::find(root, holder, &spared);
        running.spawn(async move {
            let ended = match target {
                Ok(target) => target.end(means).await.unwrap_or_else(|ended| ended),
                Err(ended) => ended,
            };
            (index, ended)
        });
    }
    let mut ends = running.join_all().await;
    ends.sort_by_key(|(index, _)| *index);
    ends.into_iter().map(|(_, ended)| ended).collect()
}

/// See [`crate::host::signal`].
pub(in crate::host) fn signal(holder: &Holder, kill: bool) -> Result<(), Ended> {
    let root = Path::new(super::ROOT);
    let Named { pidfd, stopped } = Named::find(root, holder, &line_of(root, std::process::id()))?;
    if kill { send(&pidfd, Signal::KILL) } else { ask(&pidfd, stopped) }
}

/// The process with this pid and all that it runs below, as far as they can be seen.
pub(super) fn line_of(root: &Path, pid: u32) -> HashSet<u32> {
    let mut line = HashSet::new();
    let mut next = Some(pid);
    while let Some(pid) = next
        && line.insert(pid)
    {
        next = stat(root, pid).ok().map(|stat| stat.ppid.unsigned_abs());
    }
    line
}

fn stat(root: &Path, pid: u32) -> ProcResult<procfs::process::Stat> {
    open_process(root, pid).and_then(|process| alive(&process))
}

/// A process that may be ended, named for good.
struct Named {
    pidfd: OwnedFd,
    stopped: bool,
}

impl Named {
    /// `Err` if there is nothing to be ended, or nothing that may be.
    fn find(root: &Path, holder: &Holder, spared: &HashSet<u32>) -> Result<Self, Ended> {
        if holder.pid == 1 {
            return Err(failed("it is the first process of this machine"));
        }
        if spared.contains(&holder.pid) {
            return Err(failed("graphctl itself runs in it or below it"));
        }
        let pid = i32::try_from(holder.pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| failed("that is no pid"))?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(refused)?;
        if pid_of(root, &pidfd) != Some(holder.pid) {
            return Err(failed("its pid means another process to graphctl than to its /proc"));
        }
        match stat(root, holder.pid) {
            Ok(stat) if stat.starttime == holder.start => {
                Ok(Self { pidfd, stopped: matches!(stat.state, 'T' | 't') })
            }
            Ok(_) => Err(Ended::AlreadyGone),
            Err(error) if is_gone(&error) => Err(Ended::AlreadyGone),
            Err(error) => Err(Ended::Failed(format!("it cannot be looked at: {error}"))),
        }
    }
}

/// The pid by which `/proc` names the process of a pidfd. It is another one than the pidfd was opened with if `/proc` shows
/// another pid namespace than that of graphctl.
fn pid_of(root: &Path, pidfd: &OwnedFd) -> Option<u32> {
    let info = root.join("self/fdinfo").join(pidfd.as_raw_fd().to_string());
    let info = fs::read_to_string(info).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok())
}

/// Asks a process to end; `Err` if the signal was not sent.
fn ask(pidfd: impl AsFd + Copy, stopped: bool) -> Result<(), Ended> {
    send(pidfd, Signal::TERM)?;
    if stopped {
        // A stopped process acts on nothing but this and a kill.
        send(pidfd, Signal::CONT)?;
    }
    Ok(())
}

/// `Err` if the signal was not sent.
fn send(pidfd: impl AsFd, signal: Signal) -> Result<(), Ended> {
    pidfd_send_signal(pidfd, signal).map_err(refused)
}

/// A process that may be ended, and whose end can be seen.
struct Target {
    pidfd: AsyncFd<OwnedFd>,
    stopped: bool,
}

impl Target {
    /// `Err` if there is nothing to be ended, or nothing that may be.
    fn find(root: &Path, holder: &Holder, spared: &HashSet<u32>) -> Result<Self, Ended> {
        let Named { pidfd, stopped } = Named::find(root, holder, spared)?;
        #[expect(
            deprecated,
            reason = "what came in its place is unsafe; an `OwnedFd` keeps all that is asked there"
        )]
        let pidfd = AsyncFd::with_interest(pidfd, Interest::READABLE);
        let pidfd =
            pidfd.map_err(|error| Ended::Failed(format!("its end cannot be seen: {error}")))?;
        Ok(Self { pidfd, stopped })
    }

    async fn end(self, means: Means) -> Result<Ended, Ended> {
        match means {
            Means::Ask(grace) => self.ask(grace).await,
            Means::Kill => self.kill().await,
        }
    }

    async fn ask(self, grace: Duration) -> Result<Ended, Ended> {
        ask(&self.pidfd, self.stopped)?;
        let ended = self.ends_within(grace).await;
        Ok(if ended { Ended::Terminated } else { Ended::Stayed })
    }

    async fn kill(self) -> Result<Ended, Ended> {
        send(&self.pidfd, Signal::KILL)?;
        let ended = self.ends_within(KILL_TIMEOUT).await;
        if ended { Ok(Ended::Killed) } else { Err(failed("it does not end even when killed")) }
    }

    async fn ends_within(&self, patience: Duration) -> bool {
        matches!(timeout(patience, self.pidfd.readable()).await, Ok(Ok(_)))
    }
}

/// Why a process could not be named or signalled.
pub(super) fn refused(error: Errno) -> Ended {
    match error {
        Errno::SRCH => Ended::AlreadyGone,
        Errno::PERM | Errno::ACCESS => {
            failed("it belongs to another user (run graphctl as that user, or as root)")
        }
        Errno::NOSYS => failed("this Linux cannot name a process for good (5.3 can)"),
        error => Ended::Failed(error.to_string()),
    }
}

fn failed(why: &str) -> Ended {
    Ended::Failed(why.into())
}
