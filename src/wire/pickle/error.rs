//! Why a pickle could not be read.

use super::kind::Kind;

/// Why a pickle could not be read. Every offset is that of the opcode that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the pickle does.
    #[error("pickle is cut short: it ends inside what begins at byte {offset}")]
    Truncated {
        /// Where the unfinished opcode begins.
        offset: usize,
    },
    /// Bytes follow the end of the pickle.
    #[error("{count} bytes follow the end of the pickle at byte {offset}")]
    TrailingData {
        /// The first byte after the pickle.
        offset: usize,
        /// How many there are.
        count: usize,
    },
    /// A newer pickle protocol than 5.
    #[error("unsupported pickle protocol {protocol} at byte {offset}")]
    UnsupportedProtocol {
        /// The protocol asked for.
        protocol: u8,
        /// Where.
        offset: usize,
    },
    /// Not an opcode, or one that protocols 2 to 5 never write.
    #[error("unknown opcode {opcode:#04x} at byte {offset}")]
    UnknownOpcode {
        /// The byte found.
        opcode: u8,
        /// Where.
        offset: usize,
    },
    /// The pickle needs buffers that travel beside it.
    #[error("pickle refers to an out-of-band buffer at byte {offset}")]
    OutOfBandBuffer {
        /// Where.
        offset: usize,
    },
    /// An opcode takes a value where there is none.
    #[error("nothing on the stack for the opcode at byte {offset}")]
    StackUnderflow {
        /// Where.
        offset: usize,
    },
    /// An opcode takes all values since a mark, and there is no mark.
    #[error("no mark on the stack for the opcode at byte {offset}")]
    MissingMark {
        /// Where.
        offset: usize,
    },
    /// The pickle refers back to something it never stored.
    #[error("memo {index} read at byte {offset} was never stored")]
    MissingMemo {
        /// The memo's number.
        index: u32,
        /// Where.
        offset: usize,
    },
    /// A dict was given a key without a value.
    #[error("odd number of keys and values at byte {offset}")]
    OddItems {
        /// Where.
        offset: usize,
    },
    /// An opcode met a value it cannot work on.
    #[error("expected {expected}, found {found} at byte {offset}")]
    Unexpected {
        /// What the opcode works on.
        expected: &'static str,
        /// What was there.
        found: Kind,
        /// Where.
        offset: usize,
    },
    /// A string is not UTF-8. (Lone surrogates, which Python does write, are replaced instead.)
    #[error("string at byte {offset} is not UTF-8")]
    InvalidUtf8 {
        /// Where.
        offset: usize,
    },
    /// A number written as text is not a number, or a length is negative.
    #[error("malformed number at byte {offset}")]
    MalformedNumber {
        /// Where.
        offset: usize,
    },
    /// A limit was reached.
    #[error("pickle exceeds the limit of {limit} {resource} at byte {offset}")]
    LimitExceeded {
        /// What there is too much of.
        resource: Resource,
        /// How much would have been accepted.
        limit: usize,
        /// Where.
        offset: usize,
    },
}

/// What [`Limits`](super::Limits) limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Bytes of pickle, or of rewritten strings.
    Bytes,
    /// Values.
    Nodes,
    /// References to values.
    References,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Nodes => "values",
            Self::References => "references",
        })
    }
}
