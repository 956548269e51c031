//! The admin channel: a constant program that the server runs for us, and its JSON answers.
//!
//! A session may register metadata, and the server unpickles what it registers; so every client that
//! can reach the port can run code in the server. graphctl uses that openly: the pickle it registers
//! runs [`PROGRAM`], which is constant and open to review, with a JSON request as its only variable part.
//! Parts of it are carried as text and compiled only by the requests that need them: that too takes the
//! server's time.
//! The program's first frame is written before the server answers the registration, which is how a
//! server that did not run it is told apart.

mod request;
mod rows;

use std::time::{Duration, Instant};

pub use request::{Ask, DropTarget, PARTS, PROGRAM, Request, Taken, digest};
pub use rows::{Connection, Dropped, Outcome, OutcomeKind, Row, Tcp, Topics, Unconfirmed};
use uuid::Uuid;

use crate::address::Address;
use crate::error::{Error, Result};
use crate::host::{Ends, RawProc};
use crate::model::{EventLoop, Frame, LockHolder, Stacks, Thread};
use crate::wire::{Session, codec};

/// The byte before each frame of the program; the server's own replies are COMPLETE and ERROR.
const TAG: u8 = 0xe5;

/// The longest frame that is read, in bytes. Rows take up to 16 times as much in memory. A frame holds what is
/// said in one slice of the server's time, of a server full of sessions 40 KB; the longest row is that of a
/// process, of which this holds a quarter of a million units.
const FRAME_CAP: u64 = 16 << 20;

/// The longest answer that is read, all frames together, in bytes. What is made of it takes up to 25 times as
/// much in memory. 5000 sessions of 20 components take 3.5 MB.
const ANSWER_CAP: u64 = 64 << 20;

/// How long a drop takes inside the server at the most: its turn, the escalation, which waits twice for the
/// command lock, the sessions and the graph, which wait for it once, and a second for subscribers to confirm.
const DROP_PATIENCE: Duration = Duration::from_secs(30);

/// How long the server may take to read what its machine shows, beside its other work.
const LOOK_PATIENCE: Duration = Duration::from_secs(10);

/// What the server knows of its own process.
#[derive(Debug, Default)]
pub struct OwnStacks {
    /// Its Python stacks.
    pub stacks: Stacks,
    /// The sessions that it holds, each with the event loop that serves it.
    pub sessions: Vec<(Uuid, Option<EventLoop>)>,
}

/// An open admin channel.
#[derive(Debug)]
pub struct Channel {
    session: Session,
    address: Address,
    timeout: Duration,
    registered: bool,
    answered: Instant,
}

impl Channel {
    /// A channel over a fresh session.
    #[must_use]
    pub fn new(mut session: Session) -> Self {
        let address = session.connection().address().clone();
        let timeout = session.connection().timeout();
        Self { session, address, timeout, registered: true, answered: Instant::now() }
    }

    /// When the answer to the last request began to come.
    #[must_use]
    pub const fn answered(&self) -> Instant {
        self.answered
    }

    /// The channel's own session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Everything the server holds, row by row as it comes, and what is asked of its processes besides.
    ///
    /// The server is listed in slices with its other work in between, so the rows are not of one
    /// moment: what acts on them must check again, as [`drop_targets`](Self::drop_targets) does.
    ///
    /// # Errors
    /// The program was refused or failed, or its answer did not come whole and in time.
    pub async fn list(&mut self, ask: Ask, take: impl FnMut(Row)) -> Result<()> {
        let extra = ask.within().unwrap_or_default();
        self.exchange("listing its sessions", Request::List(ask), extra, take).await
    }

    /// What the publishers and subscribers of these processes have carried: [`Row::Traffic`] of those that
    /// answer `within` that time, and with `apart` once more after that time.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn measure(
        &mut self,
        processes: &[Uuid],
        within: Duration,
        apart: Option<Duration>,
    ) -> Result<Vec<Row>> {
        let request = Request::Measure { processes, within, apart };
        let (doing, extra) = match apart {
            Some(apart) => ("measuring message rates", within * 2 + apart),
            None => ("counting messages", within),
        };
        self.collect(doing, request, extra).await
    }

    /// Reads what `/proc` on the server's machine shows of the processes that hold the client's ends of these
    /// connections. Also returns the server's clock at that reading, in seconds since the Unix epoch. Returns `None` if
    /// the server's system has no `/proc`.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn holders(&mut self, connections: &[Ends]) -> Result<Option<(RawProc, f64)>> {
        let request = Request::Holders(connections);
        let rows = self.collect("looking at its machine", request, LOOK_PATIENCE).await?;
        let (mut raw, mut seen) = (RawProc::default(), None);
        for row in rows {
            match row {
                Row::Socket { inode, user } => raw.sockets.push(inode.zip(user)),
                Row::Machine { uptime, now } => {
                    raw.uptime = Duration::try_from_secs_f64(uptime).unwrap_or_default();
                    seen = Some(now);
                }
                Row::ProcFile { path, text } => match raw.samples.last_mut() {
                    Some(sample) => sample.push((path, text)),
                    None => raw.files.push((path, text)),
                },
                Row::ProcLink { path, target } => raw.links.push((path, target)),
                Row::Sample {} => raw.samples.push(Vec::new()),
                _ => {}
            }
        }
        Ok(seen.map(|seen| (raw, seen)))
    }

    /// The Python stacks of the server's own process, and which of these sessions it holds itself, each with the event
    /// loop that serves it. `None` if it holds none of them.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn stacks(&mut self, sessions: &[Uuid]) -> Result<Option<OwnStacks>> {
        let request = Request::Stacks(sessions);
        let rows = self.collect("reading its stacks", request, Duration::ZERO).await?;
        let mut own = OwnStacks::default();
        for row in rows {
            match row {
                Row::Interpreter { python, ezmsg } => {
                    (own.stacks.python, own.stacks.ezmsg) = (python, Some(ezmsg));
                }
                Row::Thread { id, name, calls } => {
                    let frame = |(function, file, line)| Frame { function, file, line };
                    let frames = calls.into_iter().map(frame).collect();
                    own.stacks.threads.push(Thread { id, name, frames });
                }
                Row::Served { session, event_loop } => {
                    let event_loop = event_loop.map(|(thread, descriptors, timed)| EventLoop {
                        thread,
                        descriptors,
                        timed,
                    });
                    own.sessions.push((session, event_loop));
                }
                _ => {}
            }
        }
        Ok((!own.sessions.is_empty()).then_some(own))
    }

    /// Which of `targets` could not be dropped now, each with the reason. Changes nothing.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn check_targets(&mut self, targets: &[DropTarget]) -> Result<Vec<Outcome>> {
        let request = Request::Check(targets);
        let rows = self.collect("checking what can be dropped", request, Duration::ZERO).await?;
        let outcome = |row| if let Row::Outcome(outcome) = row { Some(outcome) } else { None };
        Ok(rows.into_iter().filter_map(outcome).collect())
    }

    /// Drops `targets`, each only if it is still what it was when judged.
    ///
    /// # Errors
    /// As [`list`](Self::list). Of a drop whose answer is lost nothing is known: look again.
    pub async fn drop_targets(&mut self, targets: &[DropTarget]) -> Result<Dropped> {
        let request = Request::Drop(targets);
        let rows = self.collect("dropping sessions", request, DROP_PATIENCE).await?;
        let mut dropped = Dropped::default();
        for row in rows {
            match row {
                Row::Outcome(outcome) => dropped.outcomes.push(outcome),
                Row::Unconfirmed(subscriber) => dropped.unconfirmed.push(subscriber),
                _ => {}
            }
        }
        Ok(dropped)
    }

    /// Ends the connection that the holder of the command lock waits for, if it is still the one that
    /// `holder` names. The lock may be held again at once, by the same command or by another.
    ///
    /// # Errors
    /// As [`drop_targets`](Self::drop_targets).
    pub async fn free(&mut self, holder: &LockHolder) -> Result<(OutcomeKind, Option<String>)> {
        let request = Request::Free(holder);
        let rows = self.collect("freeing its lock", request, Duration::ZERO).await?;
        let freed = rows.into_iter().find_map(|row| match row {
            Row::Freed { outcome, detail } => Some((outcome, detail)),
            _ => None,
        });
        freed.ok_or_else(|| self.session.connection().protocol("it does not say what it freed"))
    }

    async fn collect(
        &mut self,
        doing: &'static str,
        request: Request<'_>,
        extra: Duration,
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.exchange(doing, request, extra, |row| rows.push(row)).await?;
        Ok(rows)
    }

    async fn exchange(
        &mut self,
        doing: &'static str,
        request: Request<'_>,
        extra: Duration,
        take: impl FnMut(Row),
    ) -> Result<()> {
        if !self.registered {
            // A session whose registration still waits for the command lock reads no further request.
            self.session = Session::open(&self.address, self.timeout).await?;
        }
        let message = request.message(self.session.id);
        let connection = self.session.connection();
        connection.begin_within(doing, extra);
        connection.send(&message).await?;
        self.registered = false;
        self.answer(take).await
    }

    async fn answer(&mut self, mut take: impl FnMut(Row)) -> Result<()> {
        let mut left = ANSWER_CAP;
        let mut runs = false;
        loop {
            let connection = self.session.connection();
            match connection.byte().await? {
                codec::COMPLETE | codec::ERROR if !runs => {
                    return Err(self.refused("it did not run the admin program"));
                }
                codec::COMPLETE => self.registered = true,
                TAG => {
                    let frame = connection.block(left.min(FRAME_CAP)).await?;
                    if !runs {
                        self.answered = Instant::now();
                    }
                    left -= frame.len() as u64;
                    let rows: Vec<Row> = serde_json::from_slice(&frame).map_err(|error| {
                        connection.protocol(format!("an admin frame makes no sense: {error}"))
                    })?;
                    for row in rows {
                        runs = true;
                        match row {
                            Row::End { error: None } => return Ok(()),
                            Row::End { error: Some(error) } => return Err(self.refused(&error)),
                            row => take(row),
                        }
                    }
                }
                byte => {
                    let detail = format!("unexpected byte {byte:#04x} in an admin reply");
                    return Err(connection.protocol(detail));
                }
            }
        }
    }

    fn refused(&self, detail: &str) -> Error {
        Error::AdminRefused { address: self.address.clone(), detail: detail.to_owned() }
    }
}
