//! The command line, as typed. What it means is resolved in [`crate::options`] and the commands.

mod dropping;
mod formats;
mod looking;
mod reports;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::dropping::{AuditArgs, Drop, Dropping, Leasing, Reap, Watch};
pub use self::formats::{Document, Format, Sort, Stream};
pub use self::looking::{Check, Filters, Goal, Keys, List, Show, Wait};
pub use self::reports::{GithubArgs, MetricsArgs};
use crate::address::Address;
use crate::exit::Exit;
use crate::options::duration;

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
    #[command(subcommand, alias = "session")]
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
    #[command(alias = "ls")]
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

/// `run`
#[derive(Args, Debug)]
pub struct Run {
    /// Before that, drop every session that is proven dead
    #[arg(long)]
    pub reap: bool,
    /// How long what is left of it may take to end before it is killed
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration, default_value = "10s")]
    pub grace: Duration,
    /// How to tell what came of it: in words on standard error, or as the last line of standard output
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Document,
    /// The command and its arguments; a server named with --address is passed to it in
    /// EZMSG_GRAPHSERVER_ADDR
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}
