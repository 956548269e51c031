//! What GitHub Actions is told: a line on standard error, and a table in the step's summary.
//!
//! A summary only repeats what standard output holds. So, unlike an audit, it is not opened ahead of
//! a drop: if it cannot be written, that is reported when all else is done. A path that names no
//! regular file is refused before anything is done.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::GithubArgs;
use crate::console;
use crate::error::{Error, Result};
use crate::files;
use crate::options::Talk;
use crate::render::github::Note;

/// Names the file that holds the summary of a step.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// How large the summary of a step may be, in bytes: GitHub shows none that is larger.
const LARGEST: u64 = 1024 * 1024;

/// Reports to GitHub Actions, if those were asked for.
#[derive(Debug)]
pub struct Github {
    wanted: bool,
    summary: Option<PathBuf>,
}

impl Github {
    /// Reports as they were asked for.
    ///
    /// # Errors
    /// [`Error::SummaryRefused`]: the summary would be something else than a regular file.
    pub fn open(args: &GithubArgs) -> Result<Self> {
        let summary = env::var_os(SUMMARY).filter(|path| args.github && !path.is_empty());
        let summary = summary.map(PathBuf::from);
        if let Some(path) = &summary {
            files::check(path).or_else(|source| match source.kind() {
                io::ErrorKind::InvalidInput => {
                    Err(Error::SummaryRefused { path: shown(path), source })
                }
                // A folder that is missing now may be there at the end.
                _ => Ok(()),
            })?;
        }
        Ok(Self { wanted: args.github, summary })
    }

    /// The file of the summary, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.summary.as_deref()
    }

    /// Reports this.
    ///
    /// # Errors
    /// [`Error::SummaryLost`]: the summary could not be written.
    pub fn tell<'a>(&self, note: impl FnOnce() -> Note<'a>) -> Result<()> {
        if !self.wanted {
            return Ok(());
        }
        let note = note();
        let command = note.command().unwrap_or_default();
        console::say(Talk::Quiet, Talk::Quiet, &command);
        let Some(path) = &self.summary else { return Ok(()) };
        append(path, &note).map_err(|source| Error::SummaryLost { path: shown(path), source })
    }
}

fn append(path: &Path, note: &Note) -> io::Result<()> {
    let mut file = files::append(path)?;
    let room = LARGEST.saturating_sub(file.metadata()?.len());
    file.write_all(note.summary(usize::try_from(room).unwrap_or(usize::MAX)).as_bytes())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
