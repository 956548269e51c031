//! Metrics for the textfile collector of Prometheus' node exporter: a file that is replaced in one piece.
//!
//! A file describes one server, and has one writer at a time: the last one wins. With `-` the metrics
//! go to standard output, in place of the table that the command prints there.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::cli::MetricsArgs;
use crate::error::{Error, Result};
use crate::look::Look;
use crate::options::Options;
use crate::render::prometheus::{metrics, reaped_before};
use crate::{console, files};

/// How much of the file before is read for the counter, in bytes: ours are far smaller.
const MOST: u64 = 64 * 1024;

/// Where metrics go, if anywhere.
#[derive(Debug, Default)]
pub struct Metrics {
    place: Place,
    server: String,
}

#[derive(Debug, Default)]
enum Place {
    #[default]
    Nowhere,
    StandardOutput,
    File(PathBuf),
}

impl Metrics {
    /// Metrics as they were asked for.
    ///
    /// # Errors
    /// [`Error::MetricsUnwritable`]: the file could not be replaced.
    pub fn open(args: &MetricsArgs, options: &Options) -> Result<Self> {
        let place = match &args.prom_file {
            None => Place::Nowhere,
            Some(path) if path.as_os_str() == "-" => Place::StandardOutput,
            Some(path) => {
                files::check_replaceable(path).map_err(unwritable(path))?;
                Place::File(path.clone())
            }
        };
        Ok(Self { place, server: options.address.to_string() })
    }

    /// The file, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Nowhere | Place::StandardOutput => None,
        }
    }

    /// Whether they are wanted.
    #[must_use]
    pub const fn wanted(&self) -> bool {
        !matches!(self.place, Place::Nowhere)
    }

    /// Whether they go to standard output, in place of the table that the command prints there.
    #[must_use]
    pub const fn take_standard_output(&self) -> bool {
        matches!(self.place, Place::StandardOutput)
    }

    /// Tells what a look saw or, without one, that the server was not seen; and that so many more were reaped.
    ///
    /// # Errors
    /// [`Error::MetricsLost`]: the file could not be replaced, and is what it was.
    /// [`Error::Output`]: standard output could not be written.
    pub fn tell(&self, look: Option<&Look>, reaped: usize) -> Result<()> {
        let ago = look.map_or(Duration::ZERO, |look| look.taken.elapsed());
        let text = |before: u64| {
            let reaped = before.saturating_add(reaped as u64);
            metrics(&self.server, look, SystemTime::now() - ago, reaped)
        };
        match &self.place {
            Place::Nowhere => Ok(()),
            Place::StandardOutput => console::print(|out| out.write_all(text(0).as_bytes())),
            Place::File(path) => files::replace(path, &text(before(path, &self.server)))
                .map_err(|source| Error::MetricsLost { path: told(path), source }),
        }
    }

    /// Passes a result on, and tells of a failure that the server was not seen: what an earlier look saw must
    /// not stay as if it were still so.
    ///
    /// # Errors
    /// That of the result.
    pub fn unless_seen<T>(&self, result: Result<T>) -> Result<T> {
        result.inspect_err(|error| {
            if !matches!(error, Error::AdminOff { .. }) {
                // Of two failures the first one matters.
                drop(self.tell(None, 0));
            }
        })
    }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = told(path);
    |source| Error::MetricsUnwritable { path, source }
}

/// How many were ever reaped: what cannot be read counts nothing.
fn before(path: &Path, server: &str) -> u64 {
    let Ok(file) = files::read(path) else { return 0 };
    let mut text = Vec::new();
    let _ = file.take(MOST).read_to_end(&mut text);
    reaped_before(&String::from_utf8_lossy(&text), server)
}

fn told(path: &Path) -> String {
    path.display().to_string()
}
