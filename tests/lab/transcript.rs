//! What a process has said so far, line by line, and waiting for what it will say.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The lines of one output stream, gathered by a thread of its own as long as anyone can write.
#[derive(Clone)]
pub(super) struct Transcript(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Transcript {
    pub(super) fn of(stream: impl Read + Send + 'static) -> Self {
        let transcript = Self(Arc::default());
        let kept = transcript.clone();
        std::thread::spawn(move || {
            // Invalid UTF-8 must not end the reading: the writer would block on a full pipe.
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                kept.lock().push(String::from_utf8_lossy(&line).into_owned());
                kept.0.1.notify_all();
            }
        });
        transcript
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every line so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// Waits until `found` makes something of the lines; `None` when the deadline passes first.
    pub(super) fn wait<T>(
        &self,
        patience: Duration,
        mut found: impl FnMut(&[String]) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut lines = self.lock();
        loop {
            if let Some(value) = found(&lines) {
                return Some(value);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            lines = self.0.1.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
