//! What a shell is told that completes a command line: words of ours, and session ids and component keys, live
//! from the server.
//!
//! It prints no messages, and ends after a second, whatever the server does. It looks at what the server holds. Only
//! the ids for `drop` need more: they are those that a whole look proves dead.

mod bash;
mod server;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::env::{Elvish, EnvCompleter, Fish, Shells, Zsh};
use clap_complete::{ArgValueCandidates, Generator as _, Shell};

use self::server::{dead_ids, hosts, ids, keys, pids};
use crate::cli::Cli;
use crate::console;
use crate::error::Result;
use crate::exit::Exit;

const PROGRAM: &str = "graphctl";

/// Names the shell that asks; what is typed stands behind `--`.
const VARIABLE: &str = "GRAPHCTL_COMPLETE";

/// Zsh loads the script from its `fpath` at the first Tab, and wants that answered too.
const FIRST_TAB: &str =
    "if [[ $funcstack[1] == _graphctl ]]; then\n    _clap_dynamic_completer_graphctl\nfi\n";

/// The script that has a shell ask us. PowerShell completes words alone: to ask, it would evaluate what is typed.
///
/// # Errors
/// It could not be written.
pub fn script(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    let asking: &dyn EnvCompleter = match shell {
        Shell::Bash => &bash::Whole,
        Shell::Elvish => &Elvish,
        Shell::Fish => &Fish,
        Shell::Zsh => &Zsh,
        words_alone => {
            let mut command = Cli::command();
            command.set_bin_name(PROGRAM);
            command.build();
            return words_alone.try_generate(&command, out);
        }
    };
    asking.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, out)?;
    if shell == Shell::Zsh { out.write_all(FIRST_TAB.as_bytes()) } else { Ok(()) }
}

/// Answers a shell, if one asks.
pub(crate) fn answer() -> Option<Result<Exit>> {
    let (shell, typed) = (env::var(VARIABLE).ok()?, typed());
    let shells = Shells(&[&bash::Whole, &Elvish, &Fish, &Zsh]);
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
    let drops = command.get_name() == "drop";
    let arg = |arg: Arg| {
        let is_option = !arg.is_positional();
        let arg = arg.hide(is_option);
        match arg.get_id().as_str() {
            "ids" if drops => arg.add(ArgValueCandidates::new(dead_ids)),
            "ids" => arg.add(ArgValueCandidates::new(ids)),
            "keys" | "root" | "component" | "colliding_with" | "exclude" => {
                arg.add(ArgValueCandidates::new(keys))
            }
            "host" => arg.add(ArgValueCandidates::new(hosts)),
            "pid" => arg.add(ArgValueCandidates::new(pids)),
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
