//! Looking again and again. [`state`], [`lease`] and [`event`] are pure: they know no server, clock or
//! terminal. [`link`] is the way to the server, [`live`] the way to a person.

pub mod event;
pub mod lease;
pub mod link;
pub mod live;
pub mod state;
