//! One crowd at a time: two would keep each other, and the tests beside them, waiting for too long.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits until no other crowd runs. The turn ends when the value is dropped.
pub(crate) fn take_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
