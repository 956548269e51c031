//! What the processes of this machine have written, observed twice.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::host::{Unseen, Written};
use crate::look::Observer;
use crate::model::{Holder, Inventory, ProcessId};
use crate::reap::heirs::{Obstacle, still_writes};

/// A process is ended only after it has written nothing for `QUIET`; graphctl waits for at most `MOST_WINDOWS` such
/// periods. A backend may write its recording when its connection is closed, or in a signal handler.
pub(super) const QUIET: Duration = Duration::from_secs(1);
const MOST_WINDOWS: usize = 5;

/// What processes had written at one time.
#[derive(Debug)]
pub(in crate::reap) struct Sample {
    /// When.
    pub(in crate::reap) taken: Instant,
    written: HashMap<ProcessId, Written>,
}

impl Sample {
    /// Of every process of this machine that holds a client of the server.
    pub(in crate::reap) fn of_all(observer: &Observer, inventory: &Inventory) -> Self {
        let held = observer.holders(inventory);
        Self::of(observer, held.values().flat_map(|holding| &holding.holders))
    }

    pub(super) fn of<'a>(observer: &Observer, processes: impl Iterator<Item = &'a Holder>) -> Self {
        let mut written = HashMap::new();
        for process in processes {
            if !written.contains_key(&process.id())
                && let Ok(now) = observer.written(process)
            {
                written.insert(process.id(), now);
            }
        }
        Self { taken: Instant::now(), written }
    }

    /// Why a process must not be ended: it has written since then, or that is not known. `None` also for a process
    /// that has ended.
    pub(super) fn grown(&self, observer: &Observer, process: &Holder) -> Option<Obstacle> {
        let before = self.written.get(&process.id()).copied();
        match observer.written(process) {
            Err(Unseen::Gone) => None,
            now => still_writes(before, now.ok()),
        }
    }
}

/// Waits until none of these processes writes, all together. Returns those that still do, each with the reason.
pub(super) async fn wait_until_quiet(
    observer: &Observer,
    processes: &[Holder],
) -> HashMap<ProcessId, Obstacle> {
    let mut writing = HashMap::new();
    if processes.is_empty() {
        return writing;
    }
    for _ in 0..MOST_WINDOWS {
        let before = Sample::of(observer, processes.iter());
        sleep(QUIET).await;
        let grown = |it: &Holder| Some((it.id(), before.grown(observer, it)?));
        writing = processes.iter().filter_map(grown).collect();
        if writing.is_empty() {
            break;
        }
    }
    writing
}
