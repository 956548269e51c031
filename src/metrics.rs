//! Metrics for the textfile collector of Prometheus' node exporter: a file that is replaced in one piece.
//!
//! A file tells of one server, and has one writer at a time: the last one wins.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::{Builder, NamedTempFile};

use crate::cli::MetricsArgs;
use crate::error::{Error, Result};
use crate::look::Look;
use crate::must_be_a_file;
use crate::options::Options;
use crate::render::prometheus::{metrics, reaped_before};

/// How much of the file before is read for the counter, in bytes: ours are far smaller.
const MOST: u64 = 64 * 1024;

/// Where metrics go, if anywhere.
#[derive(Debug, Default)]
pub struct Metrics {
    file: Option<PathBuf>,
    server: String,
}

impl Metrics {
    /// Metrics as they were asked for.
    ///
    /// # Errors
    /// [`Error::MetricsUnwritable`]: the file could not be replaced.
    pub fn open(args: &MetricsArgs, options: &Options) -> Result<Self> {
        let it = Self { file: args.prom_file.clone(), server: options.address.to_string() };
        if let Some(path) = &it.file {
            probe(path).map_err(unwritable(path))?;
        }
        Ok(it)
    }

    /// Whether they are wanted.
    #[must_use]
    pub const fn wanted(&self) -> bool {
        self.file.is_some()
    }

    /// Tells what a look saw or, without one, that the server was not seen; and that so many more were reaped.
    ///
    /// # Errors
    /// [`Error::MetricsLost`]: the file could not be replaced, and is what it was.
    pub fn tell(&self, look: Option<&Look>, reaped: usize) -> Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let reaped = before(path, &self.server).saturating_add(reaped as u64);
        let ago = look.map_or(Duration::ZERO, |look| look.taken.elapsed());
        let text = metrics(&self.server, look, SystemTime::now() - ago, reaped);
        replace(path, &text).map_err(|source| Error::MetricsLost { path: told(path), source })
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

/// Tries what it takes to replace it, and leaves nothing behind.
fn probe(path: &Path) -> io::Result<()> {
    // A device or a pipe would become a file.
    must_be_a_file(path)?;
    beside(path)?.close()
}

/// Replaces it in one piece. A link is replaced itself, and what it leads to is left alone.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// A file in the same folder, which the collector does not take for one of its own. It is gone when it is dropped.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".graphctl-").suffix(".tmp");
    // The collector may run as another user, who is to read it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    // It would tell a name that nobody has heard of.
    builder.tempfile_in(folder.unwrap_or(Path::new("."))).map_err(|error| error.kind().into())
}

/// How many were ever reaped: what cannot be read counts nothing.
fn before(path: &Path, server: &str) -> u64 {
    // No pipe is opened, which would hold us up.
    let Some(file) = path.is_file().then(|| File::open(path).ok()).flatten() else { return 0 };
    let mut text = Vec::new();
    let _ = file.take(MOST).read_to_end(&mut text);
    reaped_before(&String::from_utf8_lossy(&text), server)
}

fn told(path: &Path) -> String {
    path.display().to_string()
}
