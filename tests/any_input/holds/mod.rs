//! What must hold whatever comes: nothing here may panic, hang or grow without bounds. Shared with `fuzz/`.

pub(crate) mod admin_reply;
pub(crate) mod conversation;
pub(crate) mod pickle;
pub(crate) mod request;
mod shown;
pub(crate) mod snapshot;
