//! Looking again and again. [`state`], [`lease`] and [`event`] are pure: they know no server, clock or
//! terminal. [`link`] is the way to the server, [`live`] the way to a person, and `watcher` what is done between
//! them.

pub mod event;
pub mod lease;
pub mod link;
pub mod live;
pub mod state;
pub(crate) mod watcher;
