//! Ending processes.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::parent_id;
use std::process::{self, Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use super::fake::Fake;
use crate::host::linux::end::{line_of, refused};
use crate::host::{Ended, Means, end};
use crate::model::Holder;

/// Longer than any process takes that ends when it is asked to.
const LONG: Duration = Duration::from_secs(60);

fn ends(holders: &[Holder], grace: Duration) -> Vec<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut ends = runtime.block_on(end(holders, Means::Ask(grace)));
    for (holder, ended) in holders.iter().zip(&mut ends).filter(|(_, it)| **it == Ended::Stayed) {
        let killed = runtime.block_on(end(std::slice::from_ref(holder), Means::Kill));
        *ended = killed.into_iter().next().expect("one end for each");
    }
    ends
}

/// A child that waits for the end of its standard input; it ends with this value.
struct Waiting(Child);

impl Waiting {
    fn start(preparation: &str) -> Self {
        let program = format!(
            "import os, signal\n{preparation}\nprint('ready', flush=True)\nwhile os.read(0, 1): pass"
        );
        let mut child = Command::new("python3")
            .args(["-c", &program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut String::new()).expect("it tells");
        Self(child)
    }

    fn stubborn() -> Self {
        Self::start("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    }

    fn holder(&self) -> Holder {
        holder(self.0.id())
    }

    fn runs(&mut self) -> bool {
        self.0.try_wait().expect("it is ours").is_none()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("it is ours");
    }

    fn wait_for_state(&self, state: char) {
        let started = Instant::now();
        while stat(self.0.id()).state != state {
            assert!(started.elapsed() < LONG, "it is not {state}");
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn stat(pid: u32) -> procfs::process::Stat {
    let process = procfs::process::Process::new(pid.try_into().expect("a pid"));
    process.and_then(|process| process.stat()).expect("it runs")
}

fn holder(pid: u32) -> Holder {
    let stat = stat(pid);
    Holder {
        own_pid: 7,
        start: stat.starttime,
        parent: stat.ppid.unsigned_abs(),
        command: stat.comm,
        state: stat.state,
        ..Holder::known_by_pid(pid)
    }
}

#[test]
fn a_process_that_listens_is_asked_and_one_that_does_not_is_killed() {
    let (mut obedient, mut stubborn) = (Waiting::start(""), Waiting::stubborn());
    let grace = Duration::from_millis(300);
    let both = [stubborn.holder(), obedient.holder()];
    assert_eq!(ends(&both, grace), [Ended::Killed, Ended::Terminated]);
    assert!(!obedient.runs() && !stubborn.runs());
}

#[test]
fn all_have_the_same_grace() {
    let stubborn = [Waiting::stubborn(), Waiting::stubborn(), Waiting::stubborn()];
    let holders = stubborn.each_ref().map(Waiting::holder);
    let (started, grace) = (Instant::now(), Duration::from_secs(1));
    assert_eq!(ends(&holders, grace), [Ended::Killed, Ended::Killed, Ended::Killed]);
    assert!((grace..3 * grace).contains(&started.elapsed()), "{:?}", started.elapsed());
}

#[test]
fn a_stopped_process_is_asked_too() {
    let mut stopped = Waiting::start("");
    stopped.signal(Signal::STOP);
    stopped.wait_for_state('T');
    assert_eq!(ends(&[stopped.holder()], LONG), [Ended::Terminated]);
    assert!(!stopped.runs());
}

#[test]
fn another_process_with_its_pid_is_left_alone() {
    let mut other = Waiting::start("");
    let seen = Holder { start: other.holder().start - 1, ..other.holder() };
    assert_eq!(ends(&[seen], LONG), [Ended::AlreadyGone]);
    assert!(other.runs());
}

#[test]
fn one_that_has_ended_is_gone_whether_anybody_noticed_or_not() {
    let mut gone = Waiting::start("");
    let holder = gone.holder();
    gone.signal(Signal::KILL);
    gone.wait_for_state('Z');
    assert_eq!(ends(std::slice::from_ref(&holder), LONG), [Ended::AlreadyGone]);
    gone.0.wait().expect("it is ours");
    assert_eq!(ends(&[holder], LONG), [Ended::AlreadyGone]);
}

#[test]
fn graphctl_and_those_it_runs_below_are_spared() {
    let spared = [holder(process::id()), holder(parent_id())];
    let why = Ended::Failed("graphctl itself runs in it or below it".into());
    let first = Ended::Failed("it is the first process of this machine".into());
    let parent = if parent_id() == 1 { first.clone() } else { why.clone() };
    assert_eq!(ends(&spared, LONG), [why, parent]);
    assert_eq!(ends(&[holder(1)], LONG), [first]);
    let none = Holder { pid: 0, ..holder(1) };
    assert!(matches!(ends(&[none], LONG)[..], [Ended::Failed(_)]));
}

#[test]
fn the_line_goes_all_the_way_up() {
    let fake = Fake::new();
    fake.process(30).parent(20);
    fake.process(20).parent(10);
    fake.process(10).parent(1);
    fake.process(40).parent(20);
    assert_eq!(line_of(fake.root(), 30), HashSet::from([30, 20, 10, 1, 0]));
    fake.remove("10");
    assert_eq!(line_of(fake.root(), 30), HashSet::from([30, 20, 10]), "as far as it is seen");
}

#[test]
fn what_cannot_be_done_is_said() {
    let why = |errno| match refused(errno) {
        Ended::Failed(why) => why,
        ended => format!("{ended:?}"),
    };
    let other = "it belongs to another user (run graphctl as that user, or as root)";
    assert_eq!(why(Errno::PERM), other);
    assert_eq!(why(Errno::ACCESS), other);
    assert_eq!(why(Errno::NOSYS), "this Linux cannot name a process for good (5.3 can)");
    assert_eq!(why(Errno::SRCH), "AlreadyGone");
    assert!(!why(Errno::MFILE).is_empty());
}
