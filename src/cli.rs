//! The command line, as typed. What it means is resolved in [`crate::options`] and the commands.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use glob::Pattern;

use crate::address::Address;
use crate::exit::Exit;
use crate::judge::Verdict;
use crate::options::{duration, glob, pace};

/// Inspect and reap the sessions of a live ezmsg GraphServer
#[derive(Debug, Parser)]
#[command(version, after_long_help = Exit::help())]
pub struct Cli {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub global: Global,
    #[command(subcommand)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub command: Command,
}

/// What holds for every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The server
    #[arg(long, global = true, value_name = "HOST:PORT", env = "EZMSG_GRAPHSERVER_ADDR", hide_env_values = true, default_value = Address::DEFAULT)]
    pub address: Address,
    /// How long one exchange with the server may take
    #[arg(long, global = true, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration, default_value = "10s")]
    pub timeout: Duration,
    /// Use only the documented commands of the server: fewer facts, and nothing can be dropped
    #[arg(long, global = true, env = "GRAPHCTL_NO_ADMIN", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub no_admin: bool,
    /// How long a pipeline may take to start: a younger session is not taken for dead for want of processes
    #[arg(long, global = true, value_name = "DURATION", env = "GRAPHCTL_START_TIMEOUT", hide_env_values = true, allow_hyphen_values = true, value_parser = duration, default_value = "5m")]
    pub start_timeout: Duration,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Say nothing but errors on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one in a run of graphctl")]
pub enum Command {
    /// See and clear sessions
    #[command(subcommand, visible_alias = "session")]
    Sessions(Sessions),
    /// Launch a pipeline so that nothing of it survives its command
    Run(Run),
    /// Ask about the server
    #[command(subcommand)]
    Server(Server),
    /// Print a completion script
    Completions {
        /// The shell it is for
        shell: clap_complete::Shell,
    },
}

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub enum Sessions {
    /// List sessions with their age, last activity, state and component keys
    #[command(visible_alias = "ls")]
    List(List),
    /// Tell everything that is known of a session
    Show(Show),
    /// Tell whether component keys are free, and who holds them if not
    Check(Check),
    /// Wait until component keys are free, or until what has them is live
    Wait(Wait),
    /// Drop sessions by their id
    Drop(Drop),
    /// Drop every session that is proven dead
    Reap(Reap),
    /// Look again and again: a live view on a terminal, events elsewhere
    Watch(Box<Watch>),
}

/// What can be asked about the server.
#[derive(Debug, Subcommand)]
pub enum Server {
    /// Tell version, process and load of the server
    Status {
        /// How to print it
        #[arg(short, long, value_name = "FORMAT", default_value = "table")]
        output: Document,
    },
}

/// Formats for many sessions or targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// For people with wide terminals: every column, nothing cut
    Wide,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// One id a line; of a drop, the ids that went
    Name,
}

/// Formats for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// For people
    Table,
    /// One JSON document
    Json,
}

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
}

/// What to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Oldest first
    Age,
    /// Longest without activity first
    Idle,
    /// By state, stale first
    State,
    /// By the first component key
    Component,
}

/// `sessions show`
#[derive(Args, Debug)]
pub struct Show {
    /// Ids, which may be shortened
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
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
    /// How long to wait before giving up, also for a server that is not there
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration, default_value = "60s")]
    pub wait_timeout: Duration,
    /// How to print what is in the way, or missing
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
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
}

/// `sessions reap`
#[derive(Args, Debug)]
pub struct Reap {
    /// Also drop suspect sessions, and free a command lock that waits in vain
    #[arg(long)]
    pub include_suspect: bool,
    /// Leave alone whose processes still send messages, or cannot be asked
    #[arg(long)]
    pub spare_flowing: bool,
    /// Drop nothing if more than this many would go
    #[arg(long, value_name = "N")]
    pub max: Option<usize>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub dropping: Dropping,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes documentation here for help")]
    pub filters: Filters,
}

/// `sessions watch`
#[derive(Args, Debug)]
pub struct Watch {
    /// How long to wait between looks
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = pace, default_value = "2s")]
    pub interval: Duration,
    /// How to show it; a table is live and needs a terminal, where it is the default
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<Stream>,
    /// Drop what stays condemned for a whole lease; any sign of life renews it
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
    /// Leave alone whose processes still send messages, or cannot be asked
    #[arg(long, requires = "reap")]
    pub spare_flowing: bool,
}

/// Formats for what goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stream {
    /// For people
    Table,
    /// One JSON object a line
    Jsonl,
}

/// `run`
#[derive(Args, Debug)]
pub struct Run {
    /// Before that, drop every session that is proven dead
    #[arg(long)]
    pub reap: bool,
    /// How long what is left of it may take to end before it is killed
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration, default_value = "10s")]
    pub grace: Duration,
    /// The command and its arguments; a server named with --address is passed to it in
    /// EZMSG_GRAPHSERVER_ADDR
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// What `drop` and `reap` share.
#[derive(Args, Debug)]
pub struct Dropping {
    /// Tell what would be dropped, and drop nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Also end the processes of this machine that held its connections, if all their TCP sockets
    /// belonged to what was dropped: SIGTERM, and SIGKILL after 5 s
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
    /// Append a line of JSON for each session that was to be dropped: what became of it, when, and by whom
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Why they are dropped: told in the audit and in JSON
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Which sessions. All filters must match; a filter given more than once matches any of its values.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub struct Filters {
    /// At least this old
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration)]
    pub older_than: Option<Duration>,
    /// Without control traffic or events for at least this long; messages between units do not count
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration)]
    pub idle_for: Option<Duration>,
    /// With a component key like this
    #[arg(long, value_name = "GLOB", value_parser = glob, action = ArgAction::Append)]
    pub component: Vec<Pattern>,
    /// Holding this component key
    #[arg(long, value_name = "KEY", action = ArgAction::Append)]
    pub colliding_with: Vec<String>,
    /// In this state
    #[arg(long, value_name = "STATE", action = ArgAction::Append, value_parser = Verdict::STATES)]
    pub state: Vec<String>,
    /// With its client or a process on this host
    #[arg(long, value_name = "HOST", action = ArgAction::Append)]
    pub host: Vec<String>,
    /// With a process of this pid
    #[arg(long, value_name = "PID", action = ArgAction::Append)]
    pub pid: Vec<u32>,
    /// Without any component key like this
    #[arg(long, value_name = "GLOB", value_parser = glob, action = ArgAction::Append)]
    pub exclude: Vec<Pattern>,
}
