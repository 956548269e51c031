//! Who sent a signal, and who is still to get it.
//!
//! What the terminal sends reaches everybody in its foreground group, so it is never passed on: a second
//! SIGINT makes a pipeline give up on its clean end.

use std::process;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::low_level::siginfo::Cause;
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::host;

/// The signals that are survived and passed on. SIGTSTP is not among them: Ctrl-Z stops everybody.
const PASSED_ON: [Signal; 6] =
    [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2];

/// What a shell adds to the number of the signal that ended a process.
pub(super) const ENDED_BY_SIGNAL: i32 = 128;

/// How long graphctl may take to end after a signal when its work is done.
const END_TIMEOUT: Duration = Duration::from_millis(500);

/// Within this time two signals of one kind are copies of one that was sent to several of us.
const ONE_SENDING: Duration = Duration::from_millis(300);

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    /// Which.
    pub(super) signal: Signal,
    /// Who sent it.
    pub(super) sender: Sender,
    /// When.
    pub(super) at: Instant,
}

/// Who sent a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// The kernel: a key was pressed at the terminal, or it was closed.
    Terminal,
    /// A process; 0 for one that cannot be seen from here.
    Process(u32),
}

/// Signals, as they come.
pub(super) type Signals = mpsc::UnboundedReceiver<Received>;

/// Survives all signals that are passed on from now on, and tells of them. What is ignored, as under
/// `nohup`, stays ignored, here and in all that is started.
pub(super) fn listen() -> Result<Signals> {
    let heard = PASSED_ON.map(Signal::as_raw).into_iter().filter(|signal| !host::ignores(*signal));
    let mut signals = SignalsInfo::<WithOrigin>::new(heard).map_err(Error::Guard)?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let hear = move || {
        for received in signals.forever().filter_map(|origin| received(&origin)) {
            // If nothing receives it any more, the work is done, and a signal ends what still blocks.
            if sender.send(received).is_err() && ends(received) {
                thread::sleep(END_TIMEOUT);
                process::exit(ENDED_BY_SIGNAL + received.signal.as_raw());
            }
        }
    };
    thread::Builder::new().spawn(hear).map_err(Error::Guard)?;
    Ok(receiver)
}

fn received(origin: &Origin) -> Option<Received> {
    let sender = match (origin.cause, origin.process) {
        (Cause::Kernel, _) => Sender::Terminal,
        (_, Some(process)) => Sender::Process(process.pid.unsigned_abs()),
        (_, None) => Sender::Process(0),
    };
    Some(Received { signal: Signal::from_named_raw(origin.signal)?, sender, at: Instant::now() })
}

/// Whether the front passes a signal on to the guard.
pub(super) fn front_passes(received: Received) -> bool {
    received.sender != Sender::Terminal
}

/// What the guard knows of signals that came.
#[derive(Debug, Default)]
pub(super) struct Copies(Vec<Received>);

impl Copies {
    /// Whether the guard passes a signal on to the command.
    ///
    /// Only what the front passed on: what came to the guard itself was sent to a group, or to all whose
    /// command line matches, and has reached the command too. Then the front's is a copy of that.
    pub(super) fn passes(&mut self, received: Received, front: u32) -> bool {
        self.0.retain(|it| received.at.saturating_duration_since(it.at) < ONE_SENDING);
        if received.sender != Sender::Process(front) {
            self.0.push(received);
            return false;
        }
        !self.0.iter().any(|it| it.signal == received.signal)
    }
}

/// Waits for a signal that ends what was begun before the command.
pub(super) async fn interruption(signals: &mut Signals) -> Error {
    loop {
        let Some(received) = signals.recv().await else { return Error::Terminated };
        if let Err(interruption) = goes_on(received) {
            return interruption;
        }
    }
}

/// Makes sure that none has come already.
///
/// # Errors
/// The interruption that has.
pub(super) fn none_yet(signals: &mut Signals) -> Result<()> {
    while let Ok(received) = signals.try_recv() {
        goes_on(received)?;
    }
    Ok(())
}

/// Whether a signal asks a program to end.
pub(super) const fn ends(received: Received) -> bool {
    matches!(received.signal, Signal::INT | Signal::TERM | Signal::HUP | Signal::QUIT)
}

fn goes_on(received: Received) -> Result<()> {
    match received.signal {
        Signal::INT | Signal::QUIT => Err(Error::Interrupted),
        Signal::TERM | Signal::HUP => Err(Error::Terminated),
        _ => Ok(()),
    }
}

/// Whether a signal says not to wait any longer for what was begun at that time. The one that brought the
/// command to its end may be told only afterwards.
pub(super) fn cuts_short(received: Received, begun: Instant) -> bool {
    matches!(received.signal, Signal::INT | Signal::TERM | Signal::QUIT)
        && received.at.saturating_duration_since(begun) >= ONE_SENDING
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: u32 = 10;
    const OTHER: Sender = Sender::Process(7);

    struct Clock(Instant);

    impl Clock {
        fn received(&self, signal: Signal, sender: Sender, ms: u64) -> Received {
            Received { signal, sender, at: self.0 + Duration::from_millis(ms) }
        }
    }

    #[test]
    fn the_front_passes_on_what_was_sent_to_it() {
        let clock = Clock(Instant::now());
        let passes = |sender| front_passes(clock.received(Signal::INT, sender, 0));
        assert!(passes(OTHER));
        assert!(passes(Sender::Process(0)));
        assert!(!passes(Sender::Terminal));
    }

    #[test]
    fn the_guard_passes_on_what_only_the_front_got() {
        let clock = Clock(Instant::now());
        let mut copies = Copies::default();
        let mut passes =
            |signal, sender, ms| copies.passes(clock.received(signal, sender, ms), FRONT);
        assert!(passes(Signal::INT, Sender::Process(FRONT), 0));
        assert!(!passes(Signal::INT, Sender::Terminal, 1000));
        // A group was sent it, and the front passes its own on.
        assert!(!passes(Signal::TERM, OTHER, 2000));
        assert!(!passes(Signal::TERM, Sender::Process(FRONT), 2001));
        assert!(passes(Signal::INT, Sender::Process(FRONT), 2002));
        assert!(passes(Signal::TERM, Sender::Process(FRONT), 2300));
    }

    #[test]
    fn only_a_later_signal_cuts_the_grace_short() {
        let clock = Clock(Instant::now());
        let cuts = |signal, ms| cuts_short(clock.received(signal, Sender::Terminal, ms), clock.0);
        assert!(!cuts(Signal::INT, 0));
        assert!(cuts(Signal::INT, 300));
        assert!(cuts(Signal::TERM, 300));
        assert!(!cuts(Signal::HUP, 300));
        assert!(!cuts(Signal::USR1, 300));
    }
}
