//! The audit: a file to which a line of JSON is appended for each target of a drop, also of those that were
//! refused or did not go.
//!
//! A line goes out in one write, so that several graphctls can share a file of this machine; and the file is
//! opened anew for each report, so that it can be moved away meanwhile.

use std::env;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::cli::AuditArgs;
use crate::console;
use crate::error::{Error, Result};
use crate::files;
use crate::host;
use crate::options::Talk;
use crate::reap::Report;
use crate::render::json::{Author, audit_lines};
use crate::words::count;

/// Where drops are recorded, if anywhere.
#[derive(Debug)]
pub struct Audit {
    file: Option<PathBuf>,
    author: Author,
}

impl Audit {
    /// An audit as it was asked for. The file is made if it is not there.
    ///
    /// # Errors
    /// [`Error::AuditUnwritable`]: the file cannot be written. [`Error::Usage`]: no file is named.
    pub fn open(args: &AuditArgs) -> Result<Self> {
        if let Some(path) = &args.audit {
            if path.as_os_str() == "-" {
                return Err(Error::Usage {
                    message: "--audit appends to a file, and '-' is standard output".into(),
                    hint: "name a file; -o jsonl prints what becomes of each target on standard output".into(),
                });
            }
            files::append(path)
                .map_err(|source| Error::AuditUnwritable { path: told(path), source })?;
        }
        let name = |variable| env::var(variable).ok().filter(|name| !name.is_empty());
        let author = Author {
            why: args.reason.clone(),
            user: name("USER").or_else(|| name("LOGNAME")),
            host: host::name(),
            pid: std::process::id(),
        };
        Ok(Self { file: args.audit.clone(), author })
    }

    /// Why what is recorded was dropped, as it was given.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.author.why.as_deref()
    }

    /// Records what became of each target at `now`; a dry run leaves nothing to record.
    ///
    /// # Errors
    /// [`Error::AuditLost`]: the file could not be written. Some of the lines may be in it.
    pub fn record(&self, report: &Report, now: SystemTime) -> Result<()> {
        let Some(path) = self.file.as_ref().filter(|_| !report.extent.dry_run) else {
            return Ok(());
        };
        let mut lines = audit_lines(report, now, &self.author).peekable();
        if lines.peek().is_none() {
            return Ok(());
        }
        let written = files::append(path)
            .and_then(|mut file| lines.try_for_each(|line| write_whole(&mut file, &line?)));
        written.map_err(|source| Error::AuditLost { path: told(path), source })
    }

    /// Begins something whose end may never be known: unless it is [settled](Begun::settle), this is
    /// recorded of it, also if it is interrupted.
    #[must_use]
    pub const fn begin(&self, unsettled: Report) -> Begun<'_> {
        Begun { audit: self, unsettled: Some(unsettled) }
    }
}

/// Drops that have begun.
#[derive(Debug)]
pub struct Begun<'a> {
    audit: &'a Audit,
    unsettled: Option<Report>,
}

impl Begun<'_> {
    /// What became of it is known.
    pub fn settle(mut self) {
        self.unsettled = None;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let Some(report) = self.unsettled.take().filter(|it| !it.extent.dry_run) else { return };
        let number = count(report.targets.len(), "session", "sessions");
        let note =
            format!("it is not known what became of {number}; to see it: graphctl sessions list");
        console::say_in_passing(Talk::Quiet, Talk::Quiet, &note);
        if let Err(error) = self.audit.record(&report, SystemTime::now()) {
            console::complain(&error);
        }
    }
}

/// Writes a line in one piece: in two, that of another graphctl could come in between.
fn write_whole(file: &mut File, line: &[u8]) -> io::Result<()> {
    loop {
        match file.write(line) {
            Ok(written) if written == line.len() => return Ok(()),
            Ok(_) => {
                // What stands there now must not spoil the next line too.
                let _ = file.write(b"\n");
                return Err(ErrorKind::StorageFull.into());
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn told(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use uuid::Uuid;

    use super::*;
    use crate::model::{Channel, Server};
    use crate::reap::{Extent, Target};

    fn report(dry_run: bool) -> Report {
        let (address, version) = ("lab:25978".into(), "3.9.0".into());
        let server = Server { address, version, channel: Channel::Admin, process: None };
        let extent = Extent { dry_run, kill: false, free: false };
        Report::new(server, extent, vec![Target::gone(Uuid::nil())])
    }

    /// An audit in a folder of its own.
    fn audit() -> (tempfile::TempDir, PathBuf, Audit) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let args = AuditArgs { audit: Some(path.clone()), reason: Some("a\n\"b\"".into()) };
        let audit = Audit::open(&args).expect("it can be written");
        (folder, path, audit)
    }

    fn lines(path: &Path) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(path).expect("the audit is there");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_anew() {
        let (_folder, path, audit) = audit();
        audit.record(&report(false), SystemTime::UNIX_EPOCH).expect("it is written");
        let rotated = path.with_extension("1");
        fs::rename(&path, &rotated).expect("it can be moved");
        audit.record(&report(false), SystemTime::UNIX_EPOCH).expect("it is written");
        audit.record(&report(false), SystemTime::UNIX_EPOCH).expect("it is written");
        assert_eq!((lines(&rotated).len(), lines(&path).len()), (1, 2));
        assert_eq!(lines(&path)[0]["time"], "1970-01-01T00:00:00.000Z");
        assert_eq!(lines(&path)[0]["why"], "a\n\"b\"");
    }

    #[test]
    #[cfg(unix)]
    fn others_may_read_it_and_not_write_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, path, _audit) = audit();
        let mode = fs::metadata(path).expect("it is made").permissions().mode();
        assert_eq!(mode & 0o777 & !0o644, 0, "{mode:o}");
    }

    #[test]
    fn a_dry_run_leaves_no_line() {
        let (_folder, path, audit) = audit();
        audit.record(&report(true), SystemTime::now()).expect("nothing is written");
        drop(audit.begin(report(true)));
        assert_eq!(fs::read(&path).expect("it is made"), b"");
    }

    #[test]
    fn what_has_begun_is_recorded_unless_it_is_settled() {
        let (_folder, path, audit) = audit();
        audit.begin(report(false)).settle();
        assert_eq!(lines(&path).len(), 0);
        drop(audit.begin(report(false)));
        assert_eq!(lines(&path).len(), 1);
    }
}
