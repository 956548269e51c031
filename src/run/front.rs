//! What the user started: starts the guard, passes signals on to it, and takes its place if it is killed.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::process::{WaitStatus, getpid, set_child_subreaper};

use super::children::{Children, code};
use super::finish::{Guarded, finish};
use super::trail::Trail;
use super::{FRONT_VARIABLE, block_on, mark, refused, signals};
use crate::cli::Run;
use crate::console;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::host::Tree;
use crate::options::{Options, Talk};

/// Ourselves, also if the file we were started from has been replaced since.
const OURSELVES: &str = "/proc/self/exe";

/// Runs the command under a guard; ends as it does.
///
/// # Errors
/// Nothing could be started.
pub fn front(args: &Run, options: &Options) -> Result<Exit> {
    set_child_subreaper(Some(getpid())).map_err(refused)?;
    block_on(run(args, options))
}

async fn run(args: &Run, options: &Options) -> Result<Exit> {
    let signals = signals::listen()?;
    let mut children = Children::listen()?;
    let own = std::process::id();
    let (tree, trail) = (Tree::marked(mark(own)), Trail::begin(options.address.port));
    let guard = Command::new(OURSELVES)
        .arg0("guard")
        .args(env::args_os().skip(1))
        .env(FRONT_VARIABLE, own.to_string())
        .spawn()
        .map_err(Error::Guard)?
        .id();
    children.watch(guard);
    let mut guarded = Guarded { tree, children, signals, trail, interrupted: None };
    let ended = relay(&mut guarded).await;
    if ended.signaled() {
        take_over(&mut guarded, args, options).await;
    }
    Ok(Exit::Of(code(guarded.children.status().unwrap_or(ended))))
}

/// Until the guard has ended.
async fn relay(guarded: &mut Guarded) -> WaitStatus {
    loop {
        guarded.children.reap();
        if let Some(status) = guarded.children.status() {
            return status;
        }
        tokio::select! {
            () = guarded.children.change() => {}
            Some(received) = guarded.signals.recv() => {
                guarded.note(received);
                if signals::front_passes(received) {
                    guarded.children.pass_on(received);
                }
            }
        }
    }
}

/// Does what is left for the guard to do. The command is the oldest that was left to us.
async fn take_over(guarded: &mut Guarded, args: &Run, options: &Options) {
    let Some(command) = guarded.tree.living().ok().and_then(|it| it.into_iter().next()) else {
        return;
    };
    console::say_in_passing(
        options.talk,
        Talk::Normal,
        "the guard was killed: ending what it guarded",
    );
    guarded.children.watch(command.pid);
    // What was reaped before, only the guard knew.
    finish(guarded, args, options, None).await;
}
