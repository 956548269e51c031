//! The only module that writes to standard output and standard error, or asks a person.

mod person;
mod progress;

use std::env;
#[cfg(target_os = "linux")]
use std::fs;
use std::io::{self, BufWriter, IsTerminal as _, Write};
#[cfg(target_os = "linux")]
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[cfg(target_os = "linux")]
use rustix::fs::{OFlags, SeekFrom, fcntl_getfl, seek};

pub use self::person::confirm;
pub use self::progress::telling;
use crate::cli::Color;
use crate::error::{Error, Result};
use crate::options::{Screen, Talk, Terminal};
use crate::render::printable;
use crate::runtime::spawn_blocking;

/// How much is written to standard output at once, in bytes: what a pipe holds.
const BUFFER: usize = 64 * 1024;

/// How long output that is not accepted may hold up what must go on.
const MOMENT: Duration = Duration::from_millis(200);

/// What is known of the terminal we run in.
#[must_use]
pub fn terminal(color: Color) -> Terminal {
    let terminal = io::stdout().is_terminal();
    let dumb = is_dumb();
    let plain = dumb || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Terminal {
        width: terminal.then(|| size().0),
        color: match color {
            Color::Auto => terminal && !plain,
            Color::Always => true,
            Color::Never => false,
        },
        screen: (terminal && !dumb).then(|| Screen { unicode: speaks_unicode() }),
        prompt_width: person::prompt_width(),
    }
}

/// The columns and rows of the terminal. One that reports none, as a serial line or a container without a window does,
/// has 80 and 24.
#[must_use]
pub fn size() -> (u16, u16) {
    let (columns, rows) = crossterm::terminal::size().unwrap_or_default();
    let or = |reported, usual| if reported == 0 { usual } else { reported };
    (or(columns, 80), or(rows, 24))
}

/// Whether a terminal's cursor cannot be moved.
fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether the locale's characters are those of Unicode.
fn speaks_unicode() -> bool {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Writes data to standard output, while it is made. A reader that has read enough is no error, and changes
/// nothing of how we exit.
///
/// # Errors
/// It could not be written.
pub fn print(data: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    write(data).or_else(|error| if error.is_broken_pipe() { Ok(()) } else { Err(error) })
}

/// Writes data to standard output.
fn write(data: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut stdout = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    data(&mut stdout).and_then(|()| stdout.flush()).map_err(Error::Output)
}

/// Writes data to standard output, where a reader that does not read holds up nothing but this.
///
/// # Errors
/// It could not be written; [`Error::is_broken_pipe`] tells a reader that has read enough.
pub async fn print_patiently(data: Vec<u8>) -> Result<()> {
    if data.is_empty() {
        return Ok(());
    }
    spawn_blocking(move || write(|out| out.write_all(&data))).await.map_err(Error::Output)?
}

/// Whether standard output is certainly at the start of a line. Only a file shows that: what other processes have
/// written to a pipe or to a terminal is not known.
#[cfg(target_os = "linux")]
#[must_use]
pub fn is_at_line_start() -> bool {
    ends_line().unwrap_or(false)
}

#[cfg(target_os = "linux")]
fn ends_line() -> io::Result<bool> {
    const OUTPUT: &str = "/proc/self/fd/1";
    let metadata = fs::metadata(OUTPUT)?;
    if !metadata.is_file() {
        return Ok(false);
    }
    let stdout = io::stdout();
    let position = if fcntl_getfl(&stdout)?.contains(OFlags::APPEND) {
        metadata.len()
    } else {
        seek(&stdout, SeekFrom::Current(0))?
    };
    let Some(last) = position.checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    fs::File::open(OUTPUT)?.read_exact_at(&mut byte, last)?;
    Ok(byte == *b"\n")
}

/// Prints clap's help or version to standard output, or its error to standard error.
///
/// # Errors
/// As [`print`].
pub fn print_clap(error: &clap::Error) -> Result<()> {
    error.print().and_then(|()| io::stdout().flush()).map_err(Error::Output)
}

/// Says something on standard error, unless less talk was asked for.
pub fn say(talk: Talk, least: Talk, text: &str) {
    if talk >= least && !text.is_empty() {
        // Nobody is left to be told that standard error is closed.
        let _ = writeln!(progress::wiped(), "{text}");
    }
}

/// Says something where nothing may be held up by a reader that does not read: after a moment it is not waited
/// for any more, and as long as it does not read nothing else is said.
pub fn say_in_passing(talk: Talk, least: Talk, text: &str) {
    static HELD_UP: AtomicBool = AtomicBool::new(false);
    if talk < least || text.is_empty() || HELD_UP.swap(true, Ordering::AcqRel) {
        return;
    }
    let text = text.to_owned();
    let started = wait_briefly(move || {
        say(Talk::Quiet, Talk::Quiet, &text);
        HELD_UP.store(false, Ordering::Release);
    });
    if !started {
        // Better unsaid than waited for.
        HELD_UP.store(false, Ordering::Release);
    }
}

/// Runs output that may block on a thread of its own, and waits for its end no longer than a moment. Returns whether a
/// thread could be started.
pub fn wait_briefly(output: impl FnOnce() + Send + 'static) -> bool {
    let (done, wait) = mpsc::channel();
    let running = thread::Builder::new().spawn(move || {
        output();
        let _ = done.send(());
    });
    let started = running.is_ok();
    if started {
        let _ = wait.recv_timeout(MOMENT);
    }
    started
}

/// Prints an error: one line, and its hint.
pub fn complain(error: &Error) {
    say(Talk::Quiet, Talk::Quiet, &complaint(error));
}

/// Prints an error as [`say_in_passing`] does.
pub fn complain_in_passing(error: &Error) {
    say_in_passing(Talk::Quiet, Talk::Quiet, &complaint(error));
}

fn complaint(error: &Error) -> String {
    let mut text = format!("error: {}", printable(&error.to_string()));
    if let Some(hint) = error.hint() {
        text.push_str("\nhint: ");
        text.push_str(&printable(&hint));
    }
    text
}
