//! A command, guarded until nothing of it is left: neither processes nor what they held on the server.
//!
//! Two processes, so that either may be killed. The *front* is what the user started; it starts the
//! *guard*, which is graphctl again, and ends as that ends. The guard reaps if that was asked for, starts the
//! command, ends what is left of it, and tells of all that. The kernel tells the guard when the front has died,
//! which then ends everything; and hands everything to the front when the guard has, which then does the same.
//! Both are subreapers: whoever is orphaned below them, daemons too, becomes their child, so that the *tree* is
//! all that is below the guard. Of what is below the front it is what was started with a mark in its
//! environment. Only if both are killed at one time nobody is left to end it.
//!
//! Both stay in the process group that the user's shell made, so that the terminal means all of them.
//! The guard is called `guard` and otherwise as the command: a signal that is sent to a group or by a
//! pattern reaches it where it reaches the command, and a `pkill graphctl` reaches the front alone.
//!
//! | file | what it does |
//! |---|---|
//! | [`front`](mod@front) | what the user started |
//! | [`guard`](mod@guard) | what watches over the command |
//! | [`signals`] | who sent a signal, and who is still to get it |
//! | [`children`] | reaps, and keeps the command's own status |
//! | [`ending`] | ends a tree |
//! | [`trail`] | where a tree was connected, and which clients of a server are its own |
//! | [`clearing`] | drops those, and verifies that their keys are free |
//! | [`finish`](mod@finish) | from the command's end to that of everything |
//!
//! `/proc` is read in [`crate::host`] alone, and the server is talked to as everywhere: through
//! [`crate::look`] and [`crate::reap`].

mod children;
mod clearing;
mod ending;
mod finish;
mod front;
mod guard;
mod signals;
mod trail;

pub use front::front;
pub use guard::{guard, guarded_for};

use std::future::Future;
use std::io;

use crate::error::{Error, Result};

/// Tells a guard the pid of its front. No command sees it.
const FRONT_VARIABLE: &str = "GRAPHCTL_RUN_FRONT";

/// By this the front knows what its guard has started, from other children that it may have: the shell that
/// executed it may have left it some.
const TREE_VARIABLE: &str = "GRAPHCTL_RUN_TREE";

/// What the command of a front has in its environment.
fn mark(front: u32) -> String {
    format!("{TREE_VARIABLE}={front}")
}

/// Runs asynchronous work on this thread. Unlike elsewhere nothing interrupts it but what it asks for.
///
/// Children must be started in it and not by another thread: they hear of the end of the thread that did.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    crate::runtime::current_thread().map_err(Error::Guard)?.block_on(work)
}

/// A system call of ours that ought not to fail.
fn refused(errno: rustix::io::Errno) -> Error {
    Error::Guard(io::Error::from(errno))
}
