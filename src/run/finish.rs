//! From the command's end to that of everything it has left.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::children::Children;
use super::signals::{Signals, cuts_short};
use super::trail::Trail;
use super::{clearing, ending};
use crate::console;
use crate::host::Tree;
use crate::model::Holder;
use crate::options::{Options, Talk};
use crate::render::printable;
use crate::words::{list, precise};

/// What is guarded, and by what it is known.
pub(super) struct Guarded {
    pub(super) tree: Tree,
    pub(super) children: Children,
    pub(super) signals: Signals,
    pub(super) trail: Trail,
}

impl Guarded {
    /// Looks where these are connected.
    pub(super) fn follow(&mut self, living: &[Holder]) {
        self.trail.follow(&self.tree, living);
    }

    /// Looks where everybody is connected.
    pub(super) fn follow_all(&mut self) {
        // What cannot be seen now is looked at the next time.
        let living = self.tree.living().unwrap_or_default();
        self.follow(&living);
    }
}

/// Ends what is left of the tree, and drops what it has left on the server.
pub(super) async fn finish(guarded: &mut Guarded, grace: Duration, options: &Options) {
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
        let end = ending::end(guarded, begun, grace, tell).await;
        tell_end(&end, options.talk);
        if !end.left.is_empty() {
            // What they hold on the server is alive.
            return;
        }
    }
    if guarded.trail.is_empty() {
        return;
    }
    let begun = Instant::now();
    let cleared = tokio::select! {
        cleared = clearing::clear(options, &guarded.tree, &guarded.trail, keys) => cleared,
        () = cut_short(&mut guarded.signals, begun) => Err("interrupted".into()),
    };
    if let Err(why) = cleared {
        let note = format!("what it may have left on the server was not cleared: {why}");
        console::say_in_passing(options.talk, Talk::Quiet, &printable(&note));
    }
}

async fn cut_short(signals: &mut Signals, begun: Instant) {
    while !signals.recv().await.is_some_and(|received| cuts_short(received, begun)) {}
}

fn tell_end(end: &ending::End, talk: Talk) {
    let was_killed = |it: &&Holder| {
        end.killed.iter().any(|killed| (killed.pid, killed.start) == (it.pid, it.start))
    };
    let ended = those("ended", end.asked.iter().filter(|it| !was_killed(it)), "left");
    let killed = those("killed", end.killed.iter(), "left and did not end when asked");
    for note in [ended, killed].into_iter().flatten() {
        console::say_in_passing(talk, Talk::Normal, &note);
    }
    for (why, process) in &end.left {
        let note = format!("{} could not be ended: {why}", process.name());
        console::say_in_passing(talk, Talk::Quiet, &printable(&note));
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
