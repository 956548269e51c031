//! One file a subcommand: what was typed → what is done → text and exit code.

mod check;
pub mod completing;
mod completions;
mod drop;
mod dropping;
mod keys;
mod list;
mod reap;
#[cfg_attr(not(target_os = "linux"), path = "run_elsewhere.rs")]
mod run;
mod show;
mod status;
mod wait;
mod waiting;
mod watch;

use std::path::Path;

use crate::cli::{Command, Format, MetricsArgs, Server, Sessions};
use crate::console;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::look::Observer;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::{files, runtime};

/// Runs a command.
///
/// # Errors
/// Whatever is expected to go wrong; what was printed until then is printed.
pub fn run(command: Command, options: &Options) -> Result<Exit> {
    match command {
        Command::Sessions(Sessions::List(args)) => block_on(list::run(args, options)),
        Command::Sessions(Sessions::Show(args)) => block_on(show::run(args, options)),
        Command::Sessions(Sessions::Check(args)) => block_on(check::run(args, options)),
        Command::Sessions(Sessions::Wait(args)) => block_on(wait::run(args, options)),
        Command::Sessions(Sessions::Drop(args)) => block_on(drop::run(args, options)),
        Command::Sessions(Sessions::Reap(args)) => block_on(reap::run(args, options)),
        Command::Sessions(Sessions::Watch(args)) => watch::run(*args, options),
        Command::Run(args) => run::run(&args, options),
        Command::Server(Server::Status { output }) => block_on(status::run(output, options)),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// Runs a command until it is done, or a signal ends it.
fn block_on(command: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    runtime::block_on(command, |interruption| {
        console::complain_in_passing(interruption);
        interruption.exit()
    })
}

/// Metrics of a command that prints in this format. On standard output they replace the table, which
/// is the default; a format that was asked for is not silently left out.
fn metrics(args: &MetricsArgs, output: Format, options: &Options) -> Result<Metrics> {
    let metrics = Metrics::open(args, options)?;
    if metrics.take_standard_output() && output != Format::Table {
        return Err(Error::Usage {
            message: "--prom-file - and --output both take standard output".into(),
            hint: "leave --output away, or name a file with --prom-file".into(),
        });
    }
    Ok(metrics)
}

/// Refuses to write two outputs to one file, where one would replace or spoil the other.
fn expect_distinct(outputs: &[(&str, Option<&Path>)]) -> Result<()> {
    for (index, (name, path)) in outputs.iter().enumerate() {
        for (other, second) in &outputs[..index] {
            if path.zip(*second).is_some_and(|(path, second)| files::are_same(path, second)) {
                return Err(Error::Usage {
                    message: format!("{other} and {name} name the same file"),
                    hint: "name a file for each".into(),
                });
            }
        }
    }
    Ok(())
}

/// How to exit with what was found: that outranks that it could not be told everywhere.
fn found(exit: Exit, told: Result<()>) -> Result<Exit> {
    match told {
        Err(error) if exit == Exit::Findings => {
            console::complain(&error);
            Ok(exit)
        }
        told => told.map(|()| exit),
    }
}

/// Opens a session, and looks through it.
async fn look<T>(
    options: &Options,
    look: impl AsyncFnOnce(&mut Observer) -> Result<T>,
) -> Result<(Observer, T)> {
    let looking = async {
        let mut observer = Observer::open(options).await?;
        let seen = look(&mut observer).await?;
        Ok((observer, seen))
    };
    console::telling(options.talk, "waiting for the server and its processes", looking).await
}
