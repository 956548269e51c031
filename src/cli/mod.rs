//! The command line, as typed. What it means is resolved in [`crate::options`] and the commands.

mod dropping;
pub mod examples;
mod formats;
mod looking;
mod parsing;
mod reports;
mod suggestions;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub use self::dropping::{AuditArgs, Drop, Dropping, Leasing, Reap, Watch};
pub use self::formats::{Document, Format, Sort, Stream};
pub use self::looking::{Check, Filters, Goal, Keys, List, Show, Wait};
pub use self::parsing::{Refusal, parse};
pub use self::reports::{GithubArgs, MetricsArgs};
use crate::address::Address;
use crate::exit::Exit;
use crate::options::duration;

/// Inspect and reap the sessions of a live ezmsg GraphServer
///
/// When a pipeline dies badly, its session stays on the server, and the next launch is refused for colliding component
/// keys. graphctl finds such phantoms, says why they are dead, and drops exactly those: a healthy pipeline is never
/// touched.
#[derive(Debug, Parser)]
#[command(version, after_long_help = examples::help("graphctl") + "\n" + &Exit::help())]
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
    #[arg(long, global = true, hide_short_help = true, value_name = "DURATION", allow_hyphen_values = true, value_parser = duration, default_value = "10s")]
    pub timeout: Duration,
    /// Use only the documented commands of the server: fewer facts, and nothing can be dropped
    #[arg(long, global = true, hide_short_help = true, env = "GRAPHCTL_NO_ADMIN", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub no_admin: bool,
    /// How long a pipeline may take to start: a younger session is not taken for dead for want of processes
    #[arg(long, global = true, hide_short_help = true, value_name = "DURATION", env = "GRAPHCTL_START_TIMEOUT", hide_env_values = true, allow_hyphen_values = true, value_parser = duration, default_value = "5m")]
    pub start_timeout: Duration,
    /// When to use colour
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: Color,
    /// Say nothing but errors on standard error
    #[arg(short, long, global = true, hide_short_help = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on standard error
    #[arg(short, long, global = true, hide_short_help = true)]
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
    ///
    /// A session is what a pipeline has on the server: its component keys, and who runs them. It is live, starting, an
    /// observer without keys, stale (proven dead), suspect (some of it does not answer), or unknown.
    #[command(subcommand, alias = "session")]
    Sessions(Sessions),
    /// Launch a pipeline so that nothing of it survives its command
    ///
    /// However the command ends, its processes are ended, and what the server still holds of it is dropped: that alone,
    /// also if other pipelines run beside it. It exits as the command does. Signals are passed on to the command; it
    /// takes Linux.
    #[command(after_long_help = examples::help("graphctl run"))]
    Run(Run),
    /// Ask about the server
    #[command(subcommand)]
    Server(Server),
    /// Print a completion script
    ///
    /// In bash, zsh, fish and Elvish, session ids and component keys are completed too, live from the server that is named
    /// on the line or in EZMSG_GRAPHSERVER_ADDR.
    #[command(after_long_help = examples::help("graphctl completions"))]
    Completions {
        /// The shell it is for
        shell: clap_complete::Shell,
    },
}

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub enum Sessions {
    /// List sessions with their age, last activity, state and component keys
    ///
    /// AGE is the time since a session was opened, IDLE that since it last said anything to the server or caused an event
    /// there; messages between its units never pass the server. What is marked with ! collides. The last lines say what
    /// to do next. With filters, all of them must match; one that is given more than once matches any of its values.
    #[command(alias = "ls", after_long_help = examples::help("graphctl sessions list"))]
    List(List),
    /// Tell everything that is known of a session
    ///
    /// Its state with all the evidence, who holds its connection on this machine, its processes and how they answered, and
    /// what a drop would take along.
    #[command(after_long_help = examples::help("graphctl sessions show"))]
    Show(Show),
    /// Tell whether component keys are free, and who holds them if not
    ///
    /// A launch is refused if any of its keys is registered already, or a unit is owned by a process. Exits with 1 if one
    /// is held. With --wait, keys that are held have that time to become free.
    #[command(after_long_help = examples::help("graphctl sessions check"))]
    Check(Check),
    /// Wait until component keys are free, or until what has them is live
    ///
    /// A server that is not there yet, or goes away meanwhile, is waited for as well. A session that is stale is not live,
    /// whatever is left of its processes answers. Exits with 1 if the time is over.
    #[command(after_long_help = examples::help("graphctl sessions wait"))]
    Wait(Wait),
    /// Drop sessions by their id
    ///
    /// Only what is proven dead is dropped: graphctl looks at it twice, and the server checks in the same step as it drops
    /// that it is still what was judged. Anything else requires --force and the id in full. An id that is gone already is
    /// no failure. If any standard stream is a terminal, graphctl asks for confirmation at the controlling terminal.
    /// Without one, --force requires -y too. Processes of a dropped session may still be running: the report lists them
    /// with the command that ends them.
    #[command(after_long_help = examples::help("graphctl sessions drop"))]
    Drop(Drop),
    /// Drop every session that is proven dead
    ///
    /// A healthy pipeline is never touched. What the first look condemns is looked at again 2 s later, and goes only if it is
    /// condemned again for the same reason; the server checks in the moment of the drop that it is still what was judged.
    /// Where a host seems to have vanished, the proof is waited for, a minute as a rule. Any number of graphctls may reap
    /// at once. If any standard stream is a terminal, graphctl asks for confirmation at the controlling terminal; otherwise
    /// it acts. Processes of dropped sessions may still be running: the report lists them with the command that ends them.
    #[command(after_long_help = examples::help("graphctl sessions reap"))]
    Reap(Reap),
    /// Look again and again: a live view on a terminal, events elsewhere
    ///
    /// Events are appeared, changed, gone, dropped, would-drop, not-dropped, server-lost and server-back. With --reap every
    /// session has a lease: one that is stale at every look for a whole lease is dropped as reap drops. Control traffic
    /// renews it. SIGTERM ends it, and is no failure.
    #[command(after_long_help = examples::help("graphctl sessions watch"))]
    Watch(Box<Watch>),
}

/// What can be asked about the server.
#[derive(Debug, Subcommand)]
pub enum Server {
    /// Tell version, process and load of the server
    ///
    /// And who holds its command lock, if any command does.
    #[command(after_long_help = examples::help("graphctl server status"))]
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
    /// How to report what became of it: in words on standard error, or as the last line of standard output (in a pipe or
    /// terminal after an empty line, since CMD may not have ended its own)
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: Document,
    /// The command and its arguments; a server named with --address is passed to it in
    /// EZMSG_GRAPHSERVER_ADDR
    #[arg(last = true, required = true, value_name = "CMD", value_hint = ValueHint::AnyPath)]
    pub command: Vec<OsString>,
}
