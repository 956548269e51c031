//! What GitHub Actions is told: a line on standard error, and a table in the step's summary.
//!
//! A summary only tells again what standard output tells, so it is not opened ahead of a drop, as an audit is: if
//! it cannot be written, that is said when all else is done.

use std::env;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::GithubArgs;
use crate::console;
use crate::error::{Error, Result};
use crate::must_be_a_file;
use crate::options::Talk;
use crate::render::github::Note;

/// Names the file that holds the summary of a step.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// How large the summary of a step may be, in bytes: GitHub shows none that is larger.
const LARGEST: u64 = 1024 * 1024;

/// Tells it, if that was asked for.
///
/// # Errors
/// [`Error::SummaryLost`]: the summary could not be written.
pub fn tell<'a>(args: &GithubArgs, note: impl FnOnce() -> Note<'a>) -> Result<()> {
    if !args.github {
        return Ok(());
    }
    let note = note();
    let command = note.command().unwrap_or_default();
    console::say(Talk::Quiet, Talk::Quiet, &command);
    let Some(path) = env::var_os(SUMMARY).filter(|path| !path.is_empty()) else { return Ok(()) };
    append(&path, &note).map_err(|source| {
        let path = Path::new(&path).display().to_string();
        Error::SummaryLost { path, source }
    })
}

fn append(path: &OsString, note: &Note) -> io::Result<()> {
    // A pipe could hold us up for ever.
    must_be_a_file(Path::new(path))?;
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let room = LARGEST.saturating_sub(file.metadata()?.len());
    file.write_all(note.summary(usize::try_from(room).unwrap_or(usize::MAX)).as_bytes())
}
