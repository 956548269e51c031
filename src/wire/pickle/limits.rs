//! How much one pickle may cost.

/// The longest pickle read by default: a snapshot of 1000 pipelines of 50 components takes about 90 MB.
pub const MAX_BYTES: usize = 256 << 20;

/// Values by default, 16 bytes each. Snapshots spend 11 to 15 bytes of pickle on one.
pub const MAX_NODES: u32 = 32 << 20;

/// References by default, 4 bytes each, in each of: containers, the stack, the memo.
pub const MAX_REFERENCES: u32 = 64 << 20;

/// How many attributes of an object are searched for a name. ezmsg's have a dozen; and one object may be named, and
/// searched, a million times.
pub const MOST_ATTRIBUTES: usize = 64;

/// What [`decode`](super::decode()) may spend on one pickle before it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the pickle in bytes; also the most bytes of strings that had to be rewritten.
    pub max_bytes: usize,
    /// Values made. An object costs three times what another value does.
    pub max_nodes: u32,
    /// References to values held at once by containers, by the stack and by the memo, each.
    pub max_references: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: MAX_BYTES, max_nodes: MAX_NODES, max_references: MAX_REFERENCES }
    }
}
