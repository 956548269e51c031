//! Looks again and again until keys are as they are wanted, or the time for that is over.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::console;
use crate::error::{Error, Result};
use crate::judge::{Case, Wanted, collisions, liveness};
use crate::look::{Look, Observer};
use crate::model::Inventory;
use crate::options::{Options, Talk};
use crate::render::printable;

/// How long the server is left alone between two looks.
const POLL_PERIOD: Duration = Duration::from_millis(500);

/// How long a look may take although the time is over: with processes that do not answer, one takes
/// its seconds.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Waits for wanted keys to be free. What is returned is as it was at the end; cases are only judged
/// for keys that are held.
///
/// # Errors
/// The server is not there at the end, or something that waiting cannot mend.
pub(super) async fn for_free(
    options: &Options,
    patience: Duration,
    wanted: &Wanted,
) -> Result<(Inventory, Vec<Case>)> {
    let poll = async |observer: &mut Observer| observer.inventory().await;
    let is_free = |inventory: &Inventory| collisions::with(inventory, wanted).is_empty();
    let waiting = until(options, patience, poll, is_free);
    let doing = "waiting for the keys to be free";
    let (mut observer, inventory) = console::telling(options.talk, doing, waiting).await?;
    if is_free(&inventory) {
        return Ok((inventory, Vec::new()));
    }
    let look = within(LAST_PATIENCE, options, observer.look()).await?;
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
    let poll = async |observer: &mut Observer| observer.look().await;
    let is_live = |look: &Look| liveness::missing(&look.inventory, &look.cases, wanted).is_empty();
    let waiting = until(options, patience, poll, is_live);
    let doing = "waiting for the keys to be live";
    Ok(console::telling(options.talk, doing, waiting).await?.1)
}

/// Polls until what was seen is as wanted, or `patience` is at an end; returns what was seen last. A
/// server that is not there, or goes away, is waited for as well.
async fn until<T>(
    options: &Options,
    patience: Duration,
    mut poll: impl AsyncFnMut(&mut Observer) -> Result<T>,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<(Observer, T)> {
    let deadline = Instant::now() + patience;
    let left = || deadline.saturating_duration_since(Instant::now());
    let mut open = None;
    let mut told = false;
    loop {
        match attempt(open.take(), options, left(), &mut poll).await {
            Ok((observer, seen)) if is_wanted(&seen) || left().is_zero() => {
                return Ok((observer, seen));
            }
            Ok((observer, _)) => {
                open = Some(observer);
                told = false;
            }
            Err(error) if !error.may_pass() || left().is_zero() => return Err(error),
            Err(error) => {
                if !told {
                    let note = printable(&format!("{error}; waiting for it"));
                    console::say(options.talk, Talk::Normal, &note);
                }
                told = true;
            }
        }
        sleep(POLL_PERIOD.min(left())).await;
    }
}

/// Polls once, through the connection that is open, or through a new one.
async fn attempt<T>(
    open: Option<Observer>,
    options: &Options,
    left: Duration,
    poll: &mut impl AsyncFnMut(&mut Observer) -> Result<T>,
) -> Result<(Observer, T)> {
    // Whole seconds can be told, and no less than one lets a server answer that is there.
    let left = Duration::from_secs(left.as_secs() + 1);
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
        doing: "telling what it holds",
        waited: patience,
    };
    timeout(patience, look).await.map_err(late)?
}
