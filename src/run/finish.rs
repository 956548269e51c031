//! From the command's end to that of everything it has left.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::WaitStatus;

use super::children::Children;
use super::signals::{Received, Signals, cuts_short, ends};
use super::trail::Trail;
use super::{clearing, ending};
use crate::cli::{Document, Run};
use crate::console;
use crate::error::Error;
use crate::host::{Ended, Tree};
use crate::model::Holder;
use crate::options::{Options, Talk};
use crate::reap::{Heir, HeirEnd, Target};
use crate::render::json::{self, Left, Ran};
use crate::render::printable;
use crate::words::{list, precise};

/// How long a reader of standard output may take after a signal.
const READER_TIMEOUT: Duration = Duration::from_millis(500);

/// A signal that came earlier before the end of the command was not what ended it.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// What is guarded, and by what it is known.
pub(super) struct Guarded {
    pub(super) tree: Tree,
    pub(super) children: Children,
    pub(super) signals: Signals,
    pub(super) trail: Trail,
    /// When a signal last asked for the end.
    pub(super) interrupted: Option<Instant>,
}

impl Guarded {
    /// Looks where these are connected.
    pub(super) fn follow(&mut self, living: &[Holder]) {
        self.trail.follow(&self.tree, living);
    }

    /// Notes that a signal asks for the end, if it does.
    pub(super) fn note(&mut self, received: Received) {
        if ends(received) {
            self.interrupted = Some(received.at);
        }
    }

    /// Looks where everybody is connected.
    pub(super) fn follow_all(&mut self) {
        // What cannot be seen now is looked at the next time.
        let living = self.tree.living().unwrap_or_default();
        self.follow(&living);
    }
}

/// Ends what is left of the tree, drops what it has left on the server, and tells all of that; `reaped` is what
/// went before.
pub(super) async fn finish(
    guarded: &mut Guarded,
    args: &Run,
    options: &Options,
    reaped: Option<&[Target]>,
) {
    guarded.interrupted = guarded.interrupted.filter(|at| at.elapsed() < ENDS_WITHIN);
    let left = clear(guarded, args.grace, options).await;
    if args.output == Document::Json {
        let status = guarded.children.status();
        let ran = Ran {
            address: &options.address.to_string(),
            command: &args.command.iter().map(|it| it.to_string_lossy().into()).collect::<Vec<_>>(),
            exit_code: status.and_then(WaitStatus::exit_status),
            signal: status.and_then(WaitStatus::terminating_signal),
            reaped,
        };
        tell_all(&ran, &left, guarded).await;
    }
}

/// Prints what came of it all. We exit as the command does, whether it could be printed or not. After a signal, the
/// reader has [`READER_TIMEOUT`] left.
async fn tell_all(ran: &Ran<'_>, left: &Left, guarded: &mut Guarded) {
    let mut line = Vec::new();
    // The output of the command may have ended in the middle of a line.
    if !console::is_at_line_start() {
        line.push(b'\n');
    }
    let printed = match json::run(&mut line, ran, left) {
        Ok(()) => tokio::select! {
            printed = console::print_patiently(line) => printed,
            () = end_of_patience(guarded) => return,
        },
        Err(error) => Err(Error::Output(error)),
    };
    match printed {
        Err(error) if !error.is_broken_pipe() => console::complain_in_passing(&error),
        _ => {}
    }
}

async fn end_of_patience(guarded: &mut Guarded) {
    while guarded.interrupted.is_none() {
        let Some(received) = guarded.signals.recv().await else { break };
        guarded.note(received);
    }
    tokio::time::sleep(READER_TIMEOUT).await;
}

async fn clear(guarded: &mut Guarded, grace: Duration, options: &Options) -> Left {
    let mut left = Left::default();
    guarded.follow_all();
    let mut keys = BTreeSet::new();
    if !ending::leaves(guarded).await {
        guarded.follow_all();
        let begun = Instant::now();
        keys = clearing::keys(options, &guarded.trail).await;
        let tell = |living: &[Holder]| {
            let waiting = format!("waiting up to {} (or Ctrl-C) for", precise(grace));
            let note = those(&waiting, living.iter(), "asked to end");
            console::say_in_passing(options.talk, Talk::Normal, &note.unwrap_or_default());
        };
        left.heirs = ending::end(guarded, begun, grace, tell).await.into_heirs();
        tell_end(&left.heirs, options.talk);
        if !left.heirs.iter().all(Heir::is_ended) {
            let lives = "what is left of its processes may hold it";
            left.detail = (!guarded.trail.is_empty()).then(|| lives.to_owned());
            return left;
        }
    }
    if guarded.trail.is_empty() {
        return left;
    }
    let begun = Instant::now();
    let cleared = tokio::select! {
        cleared = clearing::clear(options, &guarded.tree, &guarded.trail, keys, &mut left) => cleared,
        () = cut_short(&mut guarded.signals, begun) => Err("interrupted".into()),
    };
    if let Err(why) = cleared {
        let note = format!("what it may have left on the server was not cleared: {why}");
        console::say_in_passing(options.talk, Talk::Quiet, &printable(&note));
        left.detail = Some(why);
    }
    left
}

async fn cut_short(signals: &mut Signals, begun: Instant) {
    while !signals.recv().await.is_some_and(|received| cuts_short(received, begun)) {}
}

fn tell_end(heirs: &[Heir], talk: Talk) {
    let those_that = |end: Ended| {
        let is_so = move |heir: &&Heir| heir.end == HeirEnd::Ended(end.clone());
        heirs.iter().filter(is_so).map(|heir| &heir.process)
    };
    let ended = those("ended", those_that(Ended::Terminated), "left");
    let killed = those("killed", those_that(Ended::Killed), "left and did not end when asked");
    for note in [ended, killed].into_iter().flatten() {
        console::say_in_passing(talk, Talk::Normal, &note);
    }
    for heir in heirs {
        if let HeirEnd::Ended(Ended::Failed(why)) = &heir.end {
            let note = format!("{} could not be ended: {why}", heir.process.name());
            console::say_in_passing(talk, Talk::Quiet, &printable(&note));
        }
    }
}

/// `ended 2 processes that were left: pid 11 (python), pid 12 (python)`; `None` without any.
fn those<'a>(
    done: &str,
    processes: impl Iterator<Item = &'a Holder>,
    state: &str,
) -> Option<String> {
    let names: Vec<_> = processes.map(Holder::name).collect();
    let processes = match names.len() {
        0 => return None,
        1 => "process that was",
        _ => "processes that were",
    };
    let note = format!("{done} {} {processes} {state}: {}", names.len(), list(&names));
    Some(printable(&note))
}
