//! Looking again and again. [`state`], [`lease`] and [`event`] are pure: they know no server, clock or
//! terminal.

pub mod event;
pub mod lease;
pub mod state;
