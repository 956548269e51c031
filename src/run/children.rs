//! Reaps every child, also those that were adopted, and keeps the status of the one that matters.

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, kill_process, wait};
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

use super::signals::{ENDED_BY_SIGNAL, Received};
use crate::error::{Error, Result};

/// The children of this process.
#[derive(Debug)]
pub(super) struct Children {
    listener: Listener,
    main: Option<Pid>,
    status: Option<WaitStatus>,
}

impl Children {
    /// To be called before the first is started.
    pub(super) fn listen() -> Result<Self> {
        let listener = signal(SignalKind::child()).map_err(Error::Guard)?;
        Ok(Self { listener, main: None, status: None })
    }

    /// Names the one whose status matters.
    pub(super) fn watch(&mut self, main: u32) {
        self.main = i32::try_from(main).ok().and_then(Pid::from_raw);
        self.status = None;
    }

    /// Waits until one of them may have ended.
    pub(super) async fn change(&mut self) {
        self.listener.recv().await;
    }

    /// Reaps those that have ended; tells whether there are any others.
    pub(super) fn reap(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if Some(pid) == self.main => self.status = Some(status),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// The status of the one that matters, once it has ended and was reaped.
    pub(super) const fn status(&self) -> Option<WaitStatus> {
        self.status
    }

    /// Passes a signal on to the one that matters, unless it has ended.
    pub(super) fn pass_on(&self, received: Received) {
        if let (Some(main), None) = (self.main, self.status) {
            // Until it is reaped nobody else has its pid. It may have become another user's.
            let _ = kill_process(main, received.signal);
        }
    }
}

/// A status as shells tell it.
pub(super) fn code(status: WaitStatus) -> u8 {
    let killed = || status.terminating_signal().map(|signal| ENDED_BY_SIGNAL + signal);
    let code = status.exit_status().or_else(killed);
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
