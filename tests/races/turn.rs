//! Tests that start very many processes or connections run one after the other. At the same time they would exceed the
//! time limits of each other.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits until no other such test runs. The turn ends when the value is dropped.
pub(crate) fn take_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // A test that fails does not fail those that wait for it.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
