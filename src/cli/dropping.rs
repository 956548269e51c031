//! The commands that drop.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::formats::{Format, Stream};
use super::looking::Filters;
use super::reports::{GithubArgs, MetricsArgs};
use crate::options::{duration, pace};

/// `sessions drop`
#[derive(Args, Debug)]
pub struct Drop {
    /// Ids, which may be shortened
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// Drop it even if it is not proven dead; the id must be typed in full
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub dropping: Dropping,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub github: GithubArgs,
}

/// `sessions reap`
#[derive(Args, Debug)]
pub struct Reap {
    /// Also drop suspect sessions
    ///
    /// It also frees a command lock that waits in vain.
    #[arg(long)]
    pub include_suspect: bool,
    /// Leave alone whose processes still send messages
    ///
    /// And whose processes cannot be asked.
    #[arg(long)]
    pub spare_flowing: bool,
    /// Drop nothing if more than this many would go
    #[arg(long, hide_short_help = true, value_name = "N")]
    pub max: Option<usize>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub dropping: Dropping,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub filters: Filters,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub github: GithubArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub metrics: MetricsArgs,
}

/// `sessions watch`
#[derive(Args, Debug)]
pub struct Watch {
    /// How long to wait between looks
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = pace, default_value = "2s")]
    pub interval: Duration,
    /// How to show it
    ///
    /// A table is live and needs a terminal, where it is the default.
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<Stream>,
    /// Drop what stays condemned for a whole lease
    ///
    /// Any sign of life renews it.
    #[arg(long)]
    pub reap: bool,
    /// Tell what would be dropped, and drop nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub leasing: Leasing,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub audit: AuditArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub filters: Filters,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub metrics: MetricsArgs,
}

/// What `watch --reap` drops.
#[derive(Args, Debug)]
pub struct Leasing {
    /// How long a lease is
    #[arg(long, value_name = "DURATION", requires = "reap", allow_hyphen_values = true, value_parser = duration, default_value = "5m")]
    pub lease: Duration,
    /// Also drop suspect sessions
    #[arg(long, requires = "reap")]
    pub include_suspect: bool,
    /// Leave alone whose processes still send messages
    ///
    /// And whose processes cannot be asked.
    #[arg(long, requires = "reap")]
    pub spare_flowing: bool,
}

/// What `drop` and `reap` share.
#[derive(Args, Debug)]
pub struct Dropping {
    /// Tell what would be dropped, and drop nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Also end its remaining processes on this machine
    ///
    /// Ends only processes that ran its units or inherited its connections. Spares a process that writes, has a file open for
    /// writing or mapped for writing, has a running descendant, has a pipe, socket or terminal that another process may need, or
    /// may have opened the session. Its standard output and standard error are no reason to spare it, even if a running program
    /// reads them through a pipe or a unix socket, unless it has the same pipe, socket or file open elsewhere too. What a process
    /// keeps only in memory is lost: for example the rows that a recorder has collected, if it opens its file only to append
    /// them. Sends SIGTERM, and SIGKILL after 5 s.
    #[arg(long)]
    pub kill: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// How to print what became of them
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Format,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub audit: AuditArgs,
}

/// The trail that everything leaves which drops.
#[derive(Args, Debug)]
pub struct AuditArgs {
    /// Append a line of JSON for each target
    ///
    /// What was judged, by what evidence, what became of it, when, and by whom. If the file cannot be opened, nothing is
    /// dropped.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Why they are dropped: told in the audit and in JSON
    #[arg(long, hide_short_help = true, value_name = "TEXT")]
    pub reason: Option<String>,
}
