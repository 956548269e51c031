//! A second client of the server, which feels how long everybody has to wait.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab;

/// Takes the command lock, and has nothing to clear in a session that never did anything.
const SESSION_CLEAR: &[u8] = b"\x18";

const EVERY: Duration = Duration::from_millis(1);

/// The longest time for which that client waited for an answer while this was done.
pub(crate) fn longest_freeze(address: &str, work: impl FnOnce()) -> Duration {
    let mut session = lab::session(address);
    session.set_nodelay(true).expect("an option can be set");
    let done = AtomicBool::new(false);
    let probe = || {
        let mut longest = Duration::ZERO;
        while !done.load(Ordering::Relaxed) {
            let asked = Instant::now();
            session.write_all(SESSION_CLEAR).expect("the server takes a request");
            session.read_exact(&mut [0]).expect("the server answers");
            let waited = asked.elapsed();
            longest = longest.max(waited);
            thread::sleep(EVERY.saturating_sub(waited));
        }
        longest
    };
    thread::scope(|scope| {
        let probe = scope.spawn(probe);
        let ended = Ended(&done);
        work();
        drop(ended);
        probe.join().expect("the probe does not panic")
    })
}

/// Ends the probe, which is waited for, also if the work panics.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
