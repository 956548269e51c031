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

/// The pause between two polls.
const POLL_PERIOD: Duration = Duration::from_millis(500);

/// How long the first poll may take although the time is over.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// How long before the end the sessions that hold keys are judged. A look takes 1 s if a process does not answer.
const VERDICT_MARGIN: Duration = Duration::from_millis(1500);

/// The end of a wait.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Waits for wanted keys to be free. Returns the last inventory, and the cases of a look shortly before the end, if keys
/// were held then.
///
/// # Errors
/// The server is not there at the end, or something that waiting cannot mend.
pub(super) async fn for_free(
    options: &Options,
    patience: Duration,
    wanted: &Wanted,
) -> Result<(Inventory, Vec<Case>)> {
    let deadline = Deadline(Instant::now() + patience);
    let is_free = |inventory: &Inventory| collisions::with(inventory, wanted).is_empty();
    let mut judged = None;
    let poll = async |observer: &mut Observer| {
        let inventory = observer.inventory().await?;
        if judged.is_none() && !is_free(&inventory) && deadline.left() < VERDICT_MARGIN {
            let look = observer.look_for_verdicts().await?;
            judged = Some(look.cases);
            return Ok(look.inventory);
        }
        Ok(inventory)
    };
    let waiting = until(options, deadline, poll, is_free);
    let doing = "waiting for the keys to be free";
    let inventory = console::telling(options.talk, doing, Box::pin(waiting)).await?;
    Ok((inventory, judged.unwrap_or_default()))
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
    let waiting = until(options, deadline, poll, is_live);
    let doing = "waiting for the keys to be live";
    console::telling(options.talk, doing, Box::pin(waiting)).await
}

/// Polls until the outcome is as wanted, or until the deadline; returns the last outcome. A server that is not there, or
/// goes away, is waited for until the deadline.
async fn until<T>(
    options: &Options,
    deadline: Deadline,
    mut poll: impl AsyncFnMut(&mut Observer) -> Result<T>,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<T> {
    let mut open = None;
    let mut last: Option<Result<T>> = None;
    loop {
        let begun = Instant::now();
        let is_waiting = matches!(last, Some(Err(_)));
        let attempted = attempt(open.take(), options, deadline.left(), &mut poll);
        let attempted = match last.take() {
            Some(last) => match timeout_at(deadline.0, attempted).await {
                Ok(attempted) => attempted,
                Err(_) => return last,
            },
            None => attempted.await,
        };
        match attempted {
            Ok((observer, outcome)) => {
                let next = pause(deadline.left(), begun.elapsed());
                let Some(next) = next.filter(|_| !is_wanted(&outcome)) else { return Ok(outcome) };
                (open, last) = (Some(observer), Some(Ok(outcome)));
                sleep(next).await;
            }
            Err(error) => {
                if !error.may_pass() || deadline.left().is_zero() {
                    return Err(error);
                }
                if !is_waiting {
                    let note = printable(&format!("{error}; waiting for it"));
                    console::say(options.talk, Talk::Normal, &note);
                }
                last = Some(Err(error));
                sleep(POLL_PERIOD.min(deadline.left())).await;
            }
        }
    }
}

/// The pause before the next poll, if that takes as long as the last one `took`; `None` if it would end after the
/// deadline.
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
    // An error reports whole seconds, and a server that is there may need up to one to answer.
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
    let late = |_| Error::Deadline {
        address: options.address.clone(),
        doing: "listing its sessions",
        waited: patience,
    };
    timeout(patience, look).await.map_err(late)?
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
