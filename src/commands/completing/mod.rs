//! What a shell is told that completes a command line: words of ours, and session ids and component keys, live
//! from the server.
//!
//! It is silent, and over after a second, whatever the server does. It looks at what the server holds, and
//! asks no process anything.

mod bash;

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::time::Duration;

use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _};
use clap_complete::env::{EnvCompleter, Fish, Shells, Zsh};
use clap_complete::{ArgValueCandidates, CompletionCandidate, Generator as _, Shell};
use tokio::time::timeout;

use crate::cli::{Cli, Global};
use crate::error::Result;
use crate::exit::Exit;
use crate::judge::{self, Case, Thresholds};
use crate::look::Observer;
use crate::options::{Options, Talk};
use crate::select::Filter;
use crate::{block_on, console, resolve};

const PROGRAM: &str = "graphctl";

/// Names the shell that asks; what is typed stands behind `--`.
const VARIABLE: &str = "GRAPHCTL_COMPLETE";

/// How long who presses Tab may be kept waiting.
const PATIENCE: Duration = Duration::from_secs(1);

/// The script that has a shell ask us. PowerShell and Elvish complete words alone: to ask, PowerShell would
/// evaluate what is typed.
///
/// # Errors
/// It could not be written.
pub fn script(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    let asking: &dyn EnvCompleter = match shell {
        Shell::Bash => &bash::Whole,
        Shell::Fish => &Fish,
        Shell::Zsh => &Zsh,
        words_alone => {
            let mut command = Cli::command();
            command.set_bin_name(PROGRAM);
            command.build();
            return words_alone.try_generate(&command, out);
        }
    };
    asking.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, out)
}

/// Answers a shell, if one asks.
pub(crate) fn answer() -> Option<Result<Exit>> {
    let (shell, typed) = (env::var(VARIABLE).ok()?, typed());
    let shells = Shells(&[&bash::Whole, &Fish, &Zsh]);
    let shell = shells.completer(&shell).filter(|_| !typed.is_empty())?;
    let mut command = Cli::command();
    command.build();
    let mut command = completed(command);
    let (mut answer, here) = (Vec::new(), env::current_dir().ok());
    // What makes no sense has nothing that completes it.
    let _ = shell.write_complete(&mut command, typed, here.as_deref(), &mut answer);
    Some(console::print(|out| out.write_all(&answer)).map(|()| Exit::Success))
}

/// The command line with what the server has for it. Options are told where nothing else would be: else an id that
/// could be completed would be one of many.
fn completed(command: Command) -> Command {
    let arg = |arg: Arg| {
        let is_option = !arg.is_positional();
        let arg = arg.hide(is_option);
        match arg.get_id().as_str() {
            "ids" => arg.add(ArgValueCandidates::new(ids)),
            "keys" | "root" | "component" | "colliding_with" | "exclude" => {
                arg.add(ArgValueCandidates::new(keys))
            }
            _ => arg,
        }
    };
    command.mut_args(arg).mut_subcommands(completed)
}

/// What is typed: nothing, if the first argument does not say that a shell calls us.
fn typed() -> Vec<OsString> {
    let mut arguments = env::args_os().skip(1);
    arguments.next().filter(|it| it == "--").map_or_else(Vec::new, |_| arguments.collect())
}

/// Ids of sessions and leftovers, and what they are of.
fn ids() -> Vec<CompletionCandidate> {
    let candidates = sessions().into_iter().map(|(id, keys)| {
        let keys = keys.into_iter().find(|key| is_plain(key));
        CompletionCandidate::new(id).help(keys.map(Into::into))
    });
    candidates.collect()
}

/// Component keys.
fn keys() -> Vec<CompletionCandidate> {
    let keys: BTreeSet<_> = sessions().into_iter().flat_map(|(_, keys)| keys).collect();
    keys.into_iter().filter(|key| is_plain(key)).map(CompletionCandidate::new).collect()
}

/// Whether a shell takes it for one word and nothing else: what is completed may be run next.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && !key.starts_with('-')
        && key.chars().all(|it| it.is_alphanumeric() || "/_.-".contains(it))
}

/// What can be named: ids with their component keys; nothing if the server does not tell.
fn sessions() -> Vec<(String, Vec<String>)> {
    let Some(options) = options() else { return Vec::new() };
    let look = async {
        let mut observer = Observer::open(&options).await?;
        observer.inventory().await
    };
    // Not to be told in time is to be told nothing.
    let look = async { Ok(timeout(PATIENCE, look).await) };
    let Ok(Ok(Ok(inventory))) = block_on(look) else { return Vec::new() };
    let (start_timeout, heard_within) = (options.start_timeout, Duration::ZERO);
    let cases = judge::judge(&inventory, &Thresholds { start_timeout, heard_within });
    let named = |case: &Case| {
        let keys = case.keys(&inventory).into_iter().map(str::to_owned);
        (case.id.to_string(), keys.collect())
    };
    Filter::default().selected(&inventory, &cases).into_iter().map(named).collect()
}

/// Which server is meant, by what has been typed so far.
fn options() -> Option<Options> {
    let breaks = env::var(VARIABLE).is_ok_and(|shell| bash::Whole.is(&shell));
    let words = if breaks { bash::whole(typed()) } else { typed() };
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(words).ok()?;
    let global = Global::from_arg_matches(&matches).ok()?;
    let options = resolve(&global);
    Some(Options { talk: Talk::Quiet, timeout: PATIENCE, ..options })
}
