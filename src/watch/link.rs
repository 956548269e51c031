//! The connection that one watches through: looks at a steady pace, drops what it is told to, and is made
//! anew when the server goes away and comes back.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::error::{Error, Result};
use crate::look::{Look, Observer};
use crate::memory::Memory;
use crate::options::Options;
use crate::reap::{self, Condemned, Extent, Report};

/// How long it is waited before a lost server is looked for, first and at the most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What it is asked for.
#[derive(Debug)]
pub enum Request {
    /// A look now.
    Look,
    /// These are to go, if they are still what they were condemned as.
    Drop(Vec<Condemned>),
}

/// What it tells.
#[derive(Debug)]
pub enum News {
    /// A look was taken.
    Looked(Box<Look>),
    /// What became of those that were to go.
    Dropped(Box<Report>),
    /// The server is not reached; of a drop that was under way it is not known what became.
    Lost(Error),
}

/// A connection to a server, or the attempt at one.
#[derive(Debug)]
pub struct Link<'a> {
    options: &'a Options,
    every: Duration,
    extent: Extent,
    observer: Option<Observer>,
    /// What the last observer saw, while there is none.
    memory: Memory,
    /// It has been reached: whatever is there now, a GraphServer may be again.
    reached: bool,
    /// Attempts in vain since then.
    attempts: u32,
}

/// Who is named where the admin channel is missing.
pub const COMMAND: &str = "dropping while watching";

impl<'a> Link<'a> {
    /// None yet; `extent` is how far a drop goes.
    #[must_use]
    pub fn new(options: &'a Options, every: Duration, extent: Extent) -> Self {
        Self {
            options,
            every,
            extent,
            observer: None,
            memory: Memory::default(),
            reached: false,
            attempts: 0,
        }
    }

    /// Looks and drops until nobody listens any more.
    ///
    /// # Errors
    /// What is at the address is no GraphServer that can be watched, and never was.
    pub async fn run(
        mut self,
        mut requests: UnboundedReceiver<Request>,
        news: Sender<News>,
    ) -> Result<()> {
        let mut pace = interval(self.every);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut not_before = Instant::now();
        loop {
            let request = tokio::select! {
                request = requests.recv() => request,
                () = async { sleep_until(not_before).await; pace.tick().await; } => Some(Request::Look),
            };
            let Some(request) = request else { return Ok(()) };
            let told = match self.fulfil(request).await {
                Ok(told) => told,
                Err(error) if !self.reached && !error.may_pass() => return Err(error),
                Err(error) => {
                    let memory = self.observer.take().and_then(Observer::into_memory);
                    self.memory = memory.unwrap_or_else(|| std::mem::take(&mut self.memory));
                    not_before = Instant::now() + pause(self.attempts, fastrand::f64());
                    self.attempts = self.attempts.saturating_add(1);
                    // What was condemned before is to be looked at anew.
                    while requests.try_recv().is_ok() {}
                    News::Lost(error)
                }
            };
            if news.send(told).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn fulfil(&mut self, request: Request) -> Result<News> {
        let observer = match &mut self.observer {
            Some(observer) => observer,
            none => {
                let observer = Observer::open(self.options).await?;
                none.insert(observer.remembering(std::mem::take(&mut self.memory)))
            }
        };
        let told = match request {
            Request::Look => News::Looked(Box::new(observer.look_at_all().await?)),
            Request::Drop(condemned) => {
                let first = observer.look().await?;
                let report = reap::run(observer, first, &condemned, self.extent, COMMAND).await?;
                News::Dropped(Box::new(report))
            }
        };
        (self.reached, self.attempts) = (true, 0);
        Ok(told)
    }
}

/// How long to wait after so many attempts in vain: ever longer, and not all who wait at once; `chance` is
/// from 0 to 1.
fn pause(attempts: u32, chance: f64) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempts.min(16)).min(LONGEST_PAUSE);
    longest.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

/// Waits for the end of a drop that is under way, which is told among other news.
pub async fn drop_ended(news: &mut Receiver<News>) -> Option<Box<Report>> {
    loop {
        match news.recv().await? {
            News::Dropped(report) => return Some(report),
            News::Looked(_) => {}
            News::Lost(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_server_is_looked_for_ever_more_rarely_and_never_by_all_at_once() {
        assert_eq!(pause(0, 1.0), FIRST_PAUSE);
        assert_eq!(pause(2, 1.0), FIRST_PAUSE * 4);
        assert_eq!(pause(2, 0.0), FIRST_PAUSE * 2);
        assert_eq!(pause(u32::MAX, 1.0), LONGEST_PAUSE);
    }
}
