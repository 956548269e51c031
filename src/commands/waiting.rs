//! Looks again and again until keys are as they are wanted, or the time for that is over.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::console;
use crate::error::{Error, Result};
use crate::judge::{Case, Wanted, collisions, liveness};
use crate::look::{Look, Observer};
use crate::model::Inventory;
use crate::options::{Options, Talk};
use crate::render::printable;

/// How long the server is left alone between two looks.
const POLL_PERIOD: Duration = Duration::from_millis(500);

/// How long a look may take although the time is over, if no earlier one has shown anything.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// How long before the end the sessions that hold keys are judged: a look at processes that do not answer takes its
/// second.
const JUDGING: Duration = Duration::from_millis(1500);

/// The end of a wait.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Waits for wanted keys to be free. What is returned is as it was at the end; cases are only judged
/// for keys that are held, and shortly before the end.
///
/// # Errors
/// The server is not there at the end, or something that waiting cannot mend.
pub(super) async fn for_free(
    options: &Options,
    patience: Duration,
    wanted: &Wanted,
) -> Result<(Inventory, Vec<Case>)> {
    let doing = "waiting for the keys to be free";
    let deadline = Deadline(Instant::now() + patience);
    console::telling(options.talk, doing, Box::pin(until_free(options, deadline, wanted))).await
}

async fn until_free(
    options: &Options,
    deadline: Deadline,
    wanted: &Wanted,
) -> Result<(Inventory, Vec<Case>)> {
    let poll = async |observer: &mut Observer| observer.inventory().await;
    let is_free = |inventory: &Inventory| collisions::with(inventory, wanted).is_empty();
    let (open, inventory) = until(options, deadline, JUDGING, poll, is_free).await?;
    if is_free(&inventory) {
        return Ok((inventory, Vec::new()));
    }
    let mut open = open.ok_or_else(|| late(options, POLL_PERIOD))?;
    let look = within(LAST_PATIENCE, options, open.look_for_verdicts()).await?;
    while !is_free(&look.inventory) && !deadline.left().is_zero() {
        sleep(POLL_PERIOD.min(deadline.left())).await;
        match timeout_at(deadline.0, open.inventory()).await {
            Ok(inventory) => {
                let inventory = inventory?;
                if is_free(&inventory) {
                    return Ok((inventory, Vec::new()));
                }
            }
            Err(_) => break,
        }
    }
    Ok((look.inventory, look.cases))
}

/// Waits for wanted keys to be live; returns the last look.
///
/// # Errors
/// As [`for_free`].
pub(super) async fn for_live(
    options: &Options,
    patience: Duration,
    wanted: &Wanted,
) -> Result<Look> {
    let deadline = Deadline(Instant::now() + patience);
    let poll = async |observer: &mut Observer| observer.look_for_verdicts().await;
    let is_live = |look: &Look| liveness::missing(&look.inventory, &look.cases, wanted).is_empty();
    let waiting = until(options, deadline, Duration::ZERO, poll, is_live);
    let doing = "waiting for the keys to be live";
    Ok(console::telling(options.talk, doing, waiting).await?.1)
}

/// Polls until what was seen is as wanted, or the deadline; returns what was seen last, and the connection if it can be
/// used on. What is not as wanted is returned `early` before the deadline. A server that is not there, or goes away, is
/// waited for until the deadline.
async fn until<T>(
    options: &Options,
    deadline: Deadline,
    early: Duration,
    mut poll: impl AsyncFnMut(&mut Observer) -> Result<T>,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<(Option<Observer>, T)> {
    let mut open = None;
    let mut last = None;
    loop {
        let begun = Instant::now();
        let attempted = attempt(open.take(), options, deadline.left(), &mut poll);
        let attempted = if last.is_some() {
            timeout_at(deadline.0, attempted).await.ok()
        } else {
            Some(attempted.await)
        };
        let pause = match attempted {
            Some(Ok((observer, seen))) => {
                let next = pause(deadline.left(), early.max(begun.elapsed()));
                let Some(next) = next.filter(|_| !is_wanted(&seen)) else {
                    return Ok((Some(observer), seen));
                };
                (open, last) = (Some(observer), Some(Ok(seen)));
                next
            }
            Some(Err(error)) => {
                if !error.may_pass() || deadline.left().is_zero() {
                    return Err(error);
                }
                if !matches!(last, Some(Err(_))) {
                    let note = printable(&format!("{error}; waiting for it"));
                    console::say(options.talk, Talk::Normal, &note);
                }
                last = Some(Err(error));
                POLL_PERIOD.min(deadline.left())
            }
            None => return last.unwrap_or_else(|| Err(late(options, early))).map(|it| (None, it)),
        };
        sleep(pause).await;
    }
}

/// How long the server is left alone before the next poll, if that takes as long as it `took`; `None` if it would end
/// after the deadline.
fn pause(left: Duration, took: Duration) -> Option<Duration> {
    let spare = left.saturating_sub(took);
    (!spare.is_zero()).then(|| POLL_PERIOD.min(spare))
}

/// Polls once, through the connection that is open, or through a new one.
async fn attempt<T>(
    open: Option<Observer>,
    options: &Options,
    left: Duration,
    poll: &mut impl AsyncFnMut(&mut Observer) -> Result<T>,
) -> Result<(Observer, T)> {
    // Whole seconds can be told, and no less than one lets a server answer that is there.
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let left = Duration::from_secs(seconds.max(1));
    let mut observer = if let Some(observer) = open {
        observer
    } else {
        let timeout = options.timeout.min(left);
        Observer::open(&Options { timeout, ..options.clone() }).await?
    };
    let seen = within(left.max(LAST_PATIENCE), options, poll(&mut observer)).await?;
    Ok((observer, seen))
}

/// Gives a look no more than that time.
async fn within<T>(
    patience: Duration,
    options: &Options,
    look: impl Future<Output = Result<T>>,
) -> Result<T> {
    timeout(patience, look).await.map_err(|_| late(options, patience))?
}

fn late(options: &Options, waited: Duration) -> Error {
    Error::Deadline { address: options.address.clone(), doing: "telling what it holds", waited }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_poll_ends_at_the_deadline() {
        let ms = Duration::from_millis;
        assert_eq!(pause(ms(4000), ms(100)), Some(POLL_PERIOD));
        assert_eq!(pause(ms(400), ms(100)), Some(ms(300)));
        assert_eq!(pause(ms(100), ms(100)), None);
        assert_eq!(pause(ms(0), ms(100)), None);
    }
}
