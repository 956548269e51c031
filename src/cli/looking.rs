//! The commands that only look, and which sessions they are about.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use glob::Pattern;

use super::formats::{Document, Format, Sort};
use super::reports::{GithubArgs, MetricsArgs};
use crate::judge::Verdict;
use crate::options::{duration, glob};

/// `sessions list`
#[derive(Args, Debug)]
pub struct List {
    /// How to print them
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Format,
    /// In which order
    #[arg(long, value_name = "KEY", default_value = "age")]
    pub sort: Sort,
    /// Also show sessions of graphctl itself
    #[arg(long)]
    pub all: bool,
    /// Exit with 1 if any session is listed
    #[arg(long)]
    pub exit_code: bool,
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

/// `sessions show`
#[derive(Args, Debug)]
pub struct Show {
    /// Ids, which may be shortened
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// Also print the Python stacks of their processes
    #[arg(long)]
    pub stacks: bool,
    /// How to print them
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Document,
}

/// `sessions check`
#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub keys: Keys,
    /// How long to wait for them to be free, also for a server that is not there
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration)]
    pub wait: Option<Duration>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Document,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub github: GithubArgs,
}

/// `sessions wait`
#[derive(Args, Debug)]
pub struct Wait {
    /// What to wait for
    #[arg(long = "for", value_name = "STATE")]
    pub goal: Goal,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub keys: Keys,
    /// How long to wait before giving up
    ///
    /// Also for a server that is not there.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration, default_value = "60s")]
    pub wait_timeout: Duration,
    /// How to print what is in the way, or missing
    #[arg(short, long, hide_short_help = true, value_name = "FORMAT", default_value = "table")]
    pub output: Document,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Goal {
    /// Nobody has registered the keys, and no process owns them
    Free,
    /// The keys are registered, and every unit among and below them has its process, which answers
    Live,
}

/// Which component keys are meant.
#[derive(Args, Debug)]
pub struct Keys {
    /// Component keys of a pipeline
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,
    /// Read keys from a file, one a line; - for standard input
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Also every key at or below this one
    #[arg(long, value_name = "KEY")]
    pub root: Vec<String>,
}

/// Which sessions. All filters must match; a filter given more than once matches any of its values.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub struct Filters {
    /// At least this old
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration)]
    pub older_than: Option<Duration>,
    /// Without messages, control traffic and events for at least this long
    ///
    /// A session whose last message is not known does not match.
    #[arg(long, hide_short_help = true, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration)]
    pub idle_for: Option<Duration>,
    /// With a component key like this
    #[arg(long, value_name = "GLOB", value_parser = glob, action = ArgAction::Append)]
    pub component: Vec<Pattern>,
    /// Holding this component key
    #[arg(long, hide_short_help = true, value_name = "KEY", action = ArgAction::Append)]
    pub colliding_with: Vec<String>,
    /// In this state
    #[arg(long, value_name = "STATE", action = ArgAction::Append, value_parser = Verdict::STATES)]
    pub state: Vec<String>,
    /// With its client or a process on this host
    #[arg(long, hide_short_help = true, value_name = "HOST", action = ArgAction::Append)]
    pub host: Vec<String>,
    /// With a process of this pid
    #[arg(long, hide_short_help = true, value_name = "PID", action = ArgAction::Append)]
    pub pid: Vec<u32>,
    /// Without any component key like this
    #[arg(long, hide_short_help = true, value_name = "GLOB", value_parser = glob, action = ArgAction::Append)]
    pub exclude: Vec<Pattern>,
}
