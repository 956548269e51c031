//! What goes on, for who waits at a terminal: a line on standard error that is wiped away again.

use std::io::{self, IsTerminal as _, StderrLock, Write as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::cursor::MoveToColumn;
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType};

use super::{MOMENT, is_dumb, size};
use crate::options::Talk;
use crate::words::ago;

/// How long anything may take without a word, and how often it is then said for how long it has lasted.
const PERIOD: Duration = Duration::from_secs(1);

/// Whether such a line stands on the terminal.
static SHOWN: Mutex<bool> = Mutex::new(false);

/// Does work that may last. From its first second on `doing` is told, in ASCII, if standard error is a
/// terminal whose cursor can be moved.
pub async fn telling<T>(talk: Talk, doing: &str, work: impl Future<Output = T>) -> T {
    let _progress = Progress::of(talk, doing);
    work.await
}

/// Who tells what goes on until this is dropped. Only that thread writes, and nobody waits for it for long: what
/// was dropped is to be recorded and told also where the terminal is held up.
struct Progress {
    going_on: Option<Sender<()>>,
    wiped: Receiver<()>,
}

impl Progress {
    fn of(talk: Talk, doing: &str) -> Option<Self> {
        if talk < Talk::Normal || is_dumb() || !io::stderr().is_terminal() {
            return None;
        }
        let (going_on, end) = mpsc::channel();
        let (told, wiped) = mpsc::channel();
        let (begun, doing) = (Instant::now(), doing.to_owned());
        let teller = thread::Builder::new().spawn(move || {
            while end.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                show(&format!("{doing} ({})", ago(begun.elapsed())));
            }
            drop(self::wiped());
            drop(told);
        });
        teller.is_ok().then_some(Self { going_on: Some(going_on), wiped })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.going_on.take();
        // It says nothing, but ends.
        let _ = self.wiped.recv_timeout(MOMENT);
    }
}

/// Standard error, without such a line on it.
pub(super) fn wiped() -> StderrLock<'static> {
    wipe(&mut shown())
}

fn show(line: &str) {
    let mut shown = shown();
    let mut stderr = wipe(&mut shown);
    // What goes on below itself could not be wiped away.
    let width = usize::from(size().0);
    let line: String = line.chars().take(width.saturating_sub(1)).collect();
    *shown = queue!(stderr, Print(line)).and_then(|()| stderr.flush()).is_ok();
}

fn wipe(shown: &mut bool) -> StderrLock<'static> {
    let mut stderr = io::stderr().lock();
    if std::mem::take(shown) {
        // Nobody is left to be told that standard error is closed.
        let _ = queue!(stderr, MoveToColumn(0), Clear(ClearType::CurrentLine));
        let _ = stderr.flush();
    }
    stderr
}

fn shown() -> MutexGuard<'static, bool> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}
