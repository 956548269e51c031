//! A process group that the lab owns: everything a child forks or spawns belongs to it.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Leads the group, so that its id stays ours as long as we have not waited for the leader. When the
/// test has died, and with it its end of the leader's stdin, the leader ends the group on its own: it
/// gives the members a second to clean up their shared memory, and then kills all, itself too.
const LEADER: &str = "trap '' INT TERM; read -r line; \
                      kill -s TERM 0; kill -s CONT 0; sleep 1; kill -s KILL 0";

/// How long the members may take to leave once they are asked to.
const GRACE: Duration = Duration::from_secs(2);

pub(super) struct Family {
    leader: Child,
}

impl Family {
    pub(super) fn found() -> Self {
        let leader = Command::new("sh")
            .args(["-c", LEADER])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh starts");
        Self { leader }
    }

    /// The group's id, for `CommandExt::process_group`.
    pub(super) fn id(&self) -> i32 {
        i32::try_from(self.leader.id()).expect("process ids are small")
    }

    /// The living members but for the leader: neither zombies nor anything we did not start.
    pub(super) fn members(&self) -> Vec<u32> {
        let mut members = living_in(self.id());
        members.retain(|pid| *pid != self.leader.id());
        members.sort_unstable();
        members
    }

    /// Signals one member; a process that has left, or never was one of us, is never signalled.
    pub(super) fn signal(&self, name: &str, pid: u32) {
        assert!(self.members().contains(&pid), "{pid} is no living process of this lab");
        kill(name, &pid.to_string());
    }

    /// Signals every member, as a terminal does with Ctrl-C.
    pub(super) fn signal_all(&self, name: &str) {
        kill(name, &format!("-{}", self.id()));
    }

    /// Waits until no member for which `counts` is left, or the time is up.
    pub(super) fn wait_gone(&self, patience: Duration, counts: impl Fn(u32) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        while self.members().into_iter().any(&counts) {
            if Instant::now() > deadline {
                return false;
            }
            // There is no event for the end of somebody else's child.
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Asks every member to leave, so that shared memory and semaphores are cleaned up, then insists.
    pub(super) fn end(&mut self) {
        if matches!(self.leader.try_wait(), Ok(Some(_))) {
            return;
        }
        // The leader has not been waited for, so the group's id cannot be anybody else's.
        self.signal_all("TERM");
        self.signal_all("CONT");
        self.wait_gone(GRACE, |_| true);
        self.signal_all("KILL");
        let _ = self.leader.wait();
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        self.end();
    }
}

/// The living processes of a group: from `/proc` where there is one, or else from `ps`.
fn living_in(group: i32) -> Vec<u32> {
    if let Ok(listing) = fs::read_dir("/proc") {
        let pids = listing.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        return pids.filter(|pid| group_of_living(*pid) == Some(group)).collect();
    }
    let output = Command::new("ps").args(["-A", "-o", "pid=,pgid=,stat="]).output();
    let listing = output.expect("there is /proc or ps").stdout;
    let member = |line: &str| {
        let mut fields = line.split_whitespace();
        let (pid, its_group, state) = (fields.next()?, fields.next()?, fields.next()?);
        (its_group == group.to_string() && !state.starts_with('Z')).then(|| pid.parse().ok())?
    };
    String::from_utf8_lossy(&listing).lines().filter_map(member).collect()
}

/// The process group of a living process, from `/proc/PID/stat`: `pid (name) state ppid pgrp …`.
fn group_of_living(pid: u32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    (state != "Z" && state != "X").then_some(group)
}

/// By way of the shell, whose `kill` is built in: the program is missing on slim systems.
fn kill(signal: &str, target: &str) {
    let script = ["-c", "kill -s \"$1\" -- \"$2\"", "sh", signal, target];
    let status = Command::new("sh").args(script).stderr(Stdio::null()).status();
    status.expect("sh starts");
}
