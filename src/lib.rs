//! graphctl: inspect and reap the sessions of a live ezmsg GraphServer.
//!
//! The house, along the way that data takes through it:
//!
//! | room | what is done there |
//! |---|---|
//! | [`wire`] | bytes: the protocol, pickles, and the only sockets |
//! | [`admin`] | the program that the server runs for us, and its answers |
//! | [`inventory`] | answers → [`model`]: what the server holds, as plain data |
//! | [`judge`] | inventory → verdicts and collisions |
//! | [`pings`] | signs of life without the admin channel |
//! | [`look`] | all of the above, once; [`memory`]: what earlier looks add to it |
//! | [`select`] | filters → which of them |
//! | [`reap`] | plan → second look → drop → verification |
//! | [`audit`] | what was dropped, and why → a line in a file |
//! | [`github`] | what was found → GitHub Actions |
//! | [`metrics`] | looks → a file for Prometheus |
//! | [`files`] | the files that the three above write |
//! | [`watch`] | look after look → what changes, whose lease ends |
//! | `run` | a command, guarded until nothing of it is left (Linux) |
//! | [`host`] | who is at the other end, where that is this machine |
//! | [`render`] | everything → text |
//! | `runtime` | the asynchronous runtime, and the signals that end a command |
//! | [`commands`] | one file a subcommand: the way through the rooms |
//!
//! `model`, `judge`, `memory`, `select`, `reap::{plan, heirs}`, `watch::{state, lease, live::{ui, screen}}` and
//! `render` are pure: no socket, clock, environment or terminal. Standard output and standard error are written in [`console`] only.

pub mod address;
pub mod admin;
pub mod audit;
pub mod cli;
pub mod commands;
pub mod console;
pub mod error;
pub mod exit;
pub mod files;
pub mod github;
pub mod host;
pub mod inventory;
pub mod judge;
pub mod look;
pub mod memory;
pub mod metrics;
pub mod model;
pub mod options;
pub mod pings;
pub mod reap;
pub mod render;
#[cfg(target_os = "linux")]
pub mod run;
mod runtime;
pub mod select;
pub mod watch;
pub mod wire;
pub mod words;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::{Cli, Global, Refusal};
use crate::commands::completing;
use crate::error::Result;
use crate::exit::Exit;
use crate::options::{Options, Talk};

/// Parses the command line, runs the command, tells what went wrong; returns how to exit.
#[must_use]
pub fn run() -> Exit {
    if let Some(answered) = completing::answer() {
        return conclude(answered);
    }
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(Refusal::Clap(error)) => return explain(&error),
        Err(Refusal::Value(error)) => return conclude(Err(error)),
    };
    let options = resolve(&cli.global);
    conclude(commands::run(cli.command, &options))
}

/// Tells what went wrong, if anything did; a reader of our output that has read enough is no error.
fn conclude(result: Result<Exit>) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(error) if error.is_broken_pipe() => Exit::Success,
        Err(error) => {
            console::complain(&error);
            error.exit()
        }
    }
}

/// Prints help, the version, or what is wrong with the command line.
fn explain(error: &clap::Error) -> Exit {
    use ErrorKind::{DisplayHelpOnMissingArgumentOrSubcommand, MissingSubcommand};
    if matches!(error.kind(), MissingSubcommand | DisplayHelpOnMissingArgumentOrSubcommand) {
        // clap shows help when nothing was typed, but not if an option was.
        let asking_for_help = std::env::args_os().chain(["-h".into()]);
        if let Err(help) = Cli::try_parse_from(asking_for_help) {
            console::say(Talk::Quiet, Talk::Quiet, help.render().to_string().trim_end());
        }
        return Exit::Usage;
    }
    let printed = console::print_clap(error);
    // Nobody is left to be told that standard error is closed.
    if error.use_stderr() { Exit::Usage } else { conclude(printed.map(|()| Exit::Success)) }
}

fn resolve(global: &Global) -> Options {
    Options {
        address: global.address.clone(),
        timeout: global.timeout,
        admin: !global.no_admin,
        start_timeout: global.start_timeout,
        terminal: console::terminal(global.color),
        talk: match (global.quiet, global.verbose) {
            (true, _) => Talk::Quiet,
            (false, false) => Talk::Normal,
            (false, true) => Talk::Verbose,
        },
    }
}
