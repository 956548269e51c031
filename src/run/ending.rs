//! Ends a tree: it is asked, given its time, and killed. It may fork while it is being ended.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::finish::Guarded;
use super::signals::cuts_short;
use crate::host::{self, Ended};
use crate::model::{Holder, ProcessId};
use crate::reap::{Heir, HeirEnd};

/// How often it is looked who is left: the end of others' children is no event here.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long who is left may take to leave by himself, as helpers of Python's multiprocessing do.
const LEAVES_BY_ITSELF: Duration = Duration::from_millis(300);

/// For how long it is waited in silence.
const SILENCE: Duration = Duration::from_secs(1);

/// How long killed processes may take to be gone, and new ones to stop coming.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// How often in a row nobody must be seen, where a child that is none of the tree hides that it is empty: a
/// process whose parent is just ending is missed.
const NOBODY_SEEN: u32 = 3;

/// How the end of a tree went.
#[derive(Debug, Default)]
pub(super) struct End {
    /// Those that were asked to end.
    pub(super) asked: Vec<Holder>,
    /// Those that were killed.
    pub(super) killed: Vec<Holder>,
    /// Those that live on, after why they do.
    pub(super) left: Vec<(String, Holder)>,
}

impl End {
    /// Each of them once, with what became of it in the end.
    pub(super) fn into_heirs(self) -> Vec<Heir> {
        let ended = |ended: Ended| move |process| (process, ended.clone());
        let left = self.left.into_iter().map(|(why, process)| (process, Ended::Failed(why)));
        let killed = self.killed.into_iter().map(ended(Ended::Killed));
        let asked = self.asked.into_iter().map(ended(Ended::Terminated));
        let mut told = HashSet::new();
        let mut all: Vec<(Holder, Ended)> = left.chain(killed).chain(asked).collect();
        all.retain(|(process, _)| told.insert(process.id()));
        all.sort_by_key(|(process, _)| process.start);
        let heir = |(process, end)| Heir { process, end: HeirEnd::Ended(end), released: false };
        all.into_iter().map(heir).collect()
    }
}

/// How a wait came to its end.
enum Wait {
    Gone,
    Left(Vec<Holder>),
    CutShort,
}

/// What is sent to who is left; nobody is sent it twice.
struct Sending {
    kill: bool,
    done: HashSet<ProcessId>,
    refused: HashMap<u32, String>,
}

impl Sending {
    fn of(kill: bool) -> Self {
        Self { kill, done: HashSet::new(), refused: HashMap::new() }
    }

    /// Sends it to those that have come since, and looks before that where they are connected; returns whom it
    /// reached.
    fn send(&mut self, guarded: &mut Guarded, living: &[Holder]) -> Vec<Holder> {
        let mut fresh: Vec<_> = living.iter().collect();
        fresh.retain(|it| self.done.insert(it.id()));
        if !fresh.is_empty() {
            guarded.follow(living);
        }
        let mut reached = Vec::new();
        for holder in fresh {
            match host::signal(holder, self.kill) {
                Ok(()) => reached.push(holder.clone()),
                Err(Ended::Failed(why)) => {
                    self.refused.insert(holder.pid, why);
                }
                Err(_) => {}
            }
        }
        reached
    }

    fn why_left(&self, holder: &Holder) -> String {
        let why = self.refused.get(&holder.pid).map(String::as_str);
        why.unwrap_or("it does not end even when killed").to_owned()
    }
}

/// Waits a moment for everybody to leave by himself; tells whether that came to pass.
pub(super) async fn leaves(guarded: &mut Guarded) -> bool {
    matches!(wait(guarded, None, LEAVES_BY_ITSELF, |_, _| {}).await, Wait::Gone)
}

/// Ends everybody; Ctrl-C since it has `begun` kills at once. `tell` is told for whom it is waited, where that takes its time.
pub(super) async fn end(
    guarded: &mut Guarded,
    begun: Instant,
    grace: Duration,
    tell: impl Fn(&[Holder]),
) -> End {
    let mut end = End::default();
    let mut asking = Sending::of(false);
    let mut ask = |guarded: &mut Guarded, living: &[Holder]| {
        end.asked.extend(asking.send(guarded, living));
    };
    let begun = Some(begun);
    let mut waited = wait(guarded, begun, grace.min(SILENCE), &mut ask).await;
    if let Wait::Left(living) = &waited
        && let Some(rest) = grace.checked_sub(SILENCE)
    {
        tell(living);
        waited = wait(guarded, begun, rest, &mut ask).await;
    }
    if matches!(waited, Wait::Gone) {
        return end;
    }
    let mut killing = Sending::of(true);
    let mut kill = |guarded: &mut Guarded, living: &[Holder]| {
        end.killed.extend(killing.send(guarded, living));
    };
    // Whoever presses Ctrl-C again cannot have it any faster.
    if let Wait::Left(living) = wait(guarded, None, KILL_TIMEOUT, &mut kill).await {
        end.left = living.into_iter().map(|it| (killing.why_left(&it), it)).collect();
    }
    end
}

/// Waits until nobody is left, and has something done with who is. Ctrl-C cuts that short, if it comes after
/// what is waited for was `begun`.
async fn wait(
    guarded: &mut Guarded,
    begun: Option<Instant>,
    patience: Duration,
    mut with: impl FnMut(&mut Guarded, &[Holder]),
) -> Wait {
    let deadline = Instant::now() + patience;
    let (mut nobody_seen, mut next_look) = (0, Instant::now());
    loop {
        if !guarded.children.reap() {
            return Wait::Gone;
        }
        // What cannot be seen is not gone.
        let living = guarded.tree.living();
        let nobody = living.as_ref().is_ok_and(Vec::is_empty);
        if !nobody {
            nobody_seen = 0;
        } else if Instant::now() >= next_look {
            nobody_seen += 1;
            next_look = Instant::now() + LOOK_EVERY;
        }
        if nobody_seen == NOBODY_SEEN {
            return Wait::Gone;
        }
        let living = living.unwrap_or_default();
        with(guarded, &living);
        let now = Instant::now();
        if now >= deadline {
            return Wait::Left(living);
        }
        let next = deadline.min(now + LOOK_EVERY);
        tokio::select! {
            () = tokio::time::sleep_until(next.into()) => {}
            () = guarded.children.change() => {}
            Some(received) = guarded.signals.recv() => {
                if begun.is_some_and(|begun| cuts_short(received, begun)) {
                    return Wait::CutShort;
                }
            }
        }
    }
}
