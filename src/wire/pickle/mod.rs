//! Python pickles, read as data: what the GraphServer answers with, and the one pickle graphctl sends.
//!
//! [`decode()`] reads protocols 2 to 5 and executes nothing: a class the pickle names stays a name, an
//! object stays its class, its constructor arguments and its state. The decoder loops over the opcodes
//! and keeps every value in an arena, so no depth of nesting and no cycle makes it recurse, and
//! [`Limits`] bound its memory whatever the bytes say.
//!
//! Pure: no sockets, no clock. Which classes there are and what they mean is for `inventory` to know.
//!
//! ```text
//! cursor    the bytes and a position in them     arena   values as rows of flat tables
//! text      strings and numbers in the bytes     memo    what the pickle may refer back to
//! machine   stack and marks                      decode  what each opcode does to them
//! scalars   … the opcodes of strings, numbers    legacy  values old protocols write as calls
//! value     the read-only view of the result     encode  the one pickle graphctl writes
//! ```

mod arena;
mod cursor;
mod decode;
mod encode;
mod error;
mod kind;
mod legacy;
mod limits;
mod machine;
mod memo;
mod opcode;
mod scalars;
mod text;
mod value;

pub use decode::decode;
pub use encode::exec_then_metadata;
pub use error::{DecodeError, Resource};
pub use kind::Kind;
pub use limits::{Limits, MAX_BYTES, MAX_NODES, MAX_REFERENCES, MOST_ATTRIBUTES};
pub use value::{Document, Entries, Item, Items};
