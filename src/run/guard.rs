//! What watches over the command: starts it, waits for its end, and ends what is left of it.

use std::env;
use std::io;
use std::os::unix::process::parent_id;
use std::panic::{self, UnwindSafe};
use std::process::Command;

use rustix::process::{
    Signal, getpid, kill_process, set_child_subreaper, set_parent_process_death_signal,
};
use rustix::thread::set_name;

use super::children::{Children, code};
use super::finish::{Guarded, finish};
use super::signals::{self, Copies};
use super::trail::Trail;
use super::{FRONT_VARIABLE, TREE_VARIABLE, block_on, refused};
use crate::address::Address;
use crate::cli::Run;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::host::Tree;
use crate::options::Options;
use crate::reap::Target;

/// Where ezmsg looks for its server.
const ADDRESS_VARIABLE: &str = "EZMSG_GRAPHSERVER_ADDR";

/// The pid of the front that has started this graphctl to guard its command, if one has.
#[must_use]
pub fn guarded_for() -> Option<u32> {
    env::var(FRONT_VARIABLE).ok()?.parse().ok()
}

/// Has the way cleared if that was asked for, and runs the command for the front with this pid.
///
/// # Errors
/// It could not be started.
pub fn guard<R>(args: &Run, front: u32, options: &Options, reap: R) -> Result<Exit>
where
    R: AsyncFnOnce(&Options) -> Result<Vec<Target>> + UnwindSafe,
{
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(refused)?;
    set_child_subreaper(Some(getpid())).map_err(refused)?;
    // Else it is called `exe`. It is a name, and no more.
    let _ = set_name(c"guard");
    if parent_id() != front {
        return Err(Error::Guard(io::Error::other("graphctl has been killed")));
    }
    let ended = panic::catch_unwind(|| block_on(run(args, front, options, reap)));
    // The front takes over from a guard that was killed. A command may exit with any code.
    ended.unwrap_or_else(|_| {
        kill_process(getpid(), Signal::KILL).map_err(refused)?;
        Ok(Exit::Bug)
    })
}

async fn run(
    args: &Run,
    front: u32,
    options: &Options,
    reap: impl AsyncFnOnce(&Options) -> Result<Vec<Target>>,
) -> Result<Exit> {
    let mut signals = signals::listen()?;
    let reaped = if args.reap {
        let reaped = tokio::select! {
            reaped = reap(options) => reaped?,
            interruption = signals::interruption(&mut signals) => return Err(interruption),
        };
        // Who pressed Ctrl-C in its last moment does not want the command either, and nobody does without a front.
        signals::none_yet(&mut signals)?;
        if parent_id() != front {
            return Err(Error::Terminated);
        }
        Some(reaped)
    } else {
        None
    };
    let mut children = Children::listen()?;
    let (tree, trail) = (Tree::below(), Trail::begin(options.address.port));
    children.watch(start(args, front, options)?);
    let mut guarded = Guarded { tree, children, signals, trail, interrupted: None };
    watch(&mut guarded, front).await;
    finish(&mut guarded, args, options, reaped.as_deref()).await;
    Ok(guarded.children.status().map_or(Exit::Bug, |status| Exit::Of(code(status))))
}

/// Starts the command; returns its pid.
fn start(args: &Run, front: u32, options: &Options) -> Result<u32> {
    let (program, arguments) = args.command.split_first().expect("clap asks for one");
    let mut command = Command::new(program);
    command.args(arguments).env_remove(FRONT_VARIABLE).env(TREE_VARIABLE, front.to_string());
    let known = env::var(ADDRESS_VARIABLE).unwrap_or_else(|_| Address::DEFAULT.into());
    // Set, it has ezmsg start no server of its own.
    if known.parse::<Address>().as_ref() != Ok(&options.address) {
        command.env(ADDRESS_VARIABLE, options.address.to_string());
    }
    let child = command.spawn().map_err(|source| Error::Start {
        command: program.to_string_lossy().into_owned(),
        source,
    })?;
    Ok(child.id())
}

/// Until the command has ended, or the front.
async fn watch(guarded: &mut Guarded, front: u32) {
    let mut copies = Copies::default();
    while parent_id() == front {
        tokio::select! {
            () = guarded.children.change() => {
                guarded.children.reap();
                if guarded.children.status().is_some() {
                    return;
                }
            }
            Some(received) = guarded.signals.recv() => {
                guarded.note(received);
                // The kernel's word that the front has died looks as if it came from there.
                if parent_id() == front && copies.passes(received, front) {
                    guarded.children.pass_on(received);
                }
            }
            () = tokio::time::sleep_until(guarded.trail.due().into()) => guarded.follow_all(),
        }
    }
}
