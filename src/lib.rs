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
pub mod select;
pub mod watch;
pub mod wire;
pub mod words;

use std::future::Future;
use std::io;
use std::thread;

use clap::Parser as _;
use clap::error::ErrorKind;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::cli::{Cli, Global, Refusal};
use crate::commands::completing;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::options::{Options, Talk};

/// How many descriptors a command may need at one time, with some to spare.
#[cfg(unix)]
const DESCRIPTORS: usize = 16;

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

/// Runs asynchronous work on this thread until it is done, or Ctrl-C or SIGTERM comes.
///
/// # Errors
/// The work's own, or the interruption.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    run_to_end(async {
        tokio::select! {
            result = work => result,
            interruption = interruption() => Err(interruption),
        }
    })
}

/// Runs asynchronous work on this thread that sees to [`interruption`] itself.
///
/// # Errors
/// The work's own.
pub(crate) fn run_to_end<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime().map_err(Error::Exhausted)?;
    let result = runtime.block_on(work);
    // A prompt that nobody answers must not hold us up.
    runtime.shutdown_background();
    result
}

/// A runtime of this thread alone.
///
/// # Errors
/// What it takes is used up. Of that tokio, too, has panics where nothing can be told.
pub(crate) fn runtime() -> io::Result<Runtime> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let spare = (0..DESCRIPTORS).map(|_| io::stdin().as_fd().try_clone_to_owned());
        spare.collect::<io::Result<Vec<_>>>()?;
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Has a thread of its own do what may block.
///
/// # Errors
/// There are no more threads to be had, of which tokio would panic.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    thread::Builder::new().spawn(move || done.send(work()))?;
    Ok(result.await.expect("a panic there has been told"))
}

/// Waits for Ctrl-C, SIGTERM, or SIGHUP unless that is ignored, as it is under `nohup`.
pub(crate) async fn interruption() -> Error {
    let terminated = async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::SignalKind;
            let hang_up = (!ignores_hang_up()).then(SignalKind::hangup);
            tokio::select! {
                () = signalled(Some(SignalKind::terminate())) => {}
                () = signalled(hang_up) => {}
            }
        }
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => Error::Interrupted,
        () = terminated => Error::Terminated,
    }
}

#[cfg(unix)]
async fn signalled(kind: Option<tokio::signal::unix::SignalKind>) {
    if let Some(mut signals) = kind.and_then(|kind| tokio::signal::unix::signal(kind).ok()) {
        signals.recv().await;
        return;
    }
    std::future::pending::<()>().await;
}

#[cfg(target_os = "linux")]
fn ignores_hang_up() -> bool {
    host::ignores(rustix::process::Signal::HUP.as_raw())
}

#[cfg(all(unix, not(target_os = "linux")))]
const fn ignores_hang_up() -> bool {
    false
}

/// For errors that can only come from a file that was named on the command line.
pub(crate) fn unreadable(what: &str) -> impl FnOnce(io::Error) -> Error {
    let what = what.to_owned();
    |source| Error::Read { what, source }
}
