//! The sorts of values a pickle can hold.

use std::fmt;

use super::arena::Node;

/// What sort of value an [`Item`](super::Item) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool,
    /// An integer of any size.
    Int,
    /// A float.
    Float,
    /// A string.
    Str,
    /// Bytes or a bytearray.
    Bytes,
    /// A list.
    List,
    /// A tuple.
    Tuple,
    /// A set.
    Set,
    /// A frozenset.
    FrozenSet,
    /// A dict.
    Dict,
    /// A class or function, by name.
    Global,
    /// What calling a class or function made.
    Object,
    /// A class or function, by its number in a registry the pickle does not carry.
    Extension,
    /// Something stored outside the pickle.
    Persistent,
}

impl Kind {
    pub(super) fn of(node: Node) -> Self {
        match node {
            Node::None => Self::None,
            Node::Bool(_) => Self::Bool,
            Node::Int(_) | Node::BigInt(_) => Self::Int,
            Node::Float(_) => Self::Float,
            Node::Str(_) => Self::Str,
            Node::Bytes(_) => Self::Bytes,
            Node::List(_) => Self::List,
            Node::Tuple(_) => Self::Tuple,
            Node::Set(_) => Self::Set,
            Node::FrozenSet(_) => Self::FrozenSet,
            Node::Dict(_) => Self::Dict,
            Node::Global { .. } => Self::Global,
            Node::Object(_) => Self::Object,
            Node::Extension(_) => Self::Extension,
            Node::Persistent(_) => Self::Persistent,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Str => "str",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Tuple => "tuple",
            Self::Set => "set",
            Self::FrozenSet => "frozenset",
            Self::Dict => "dict",
            Self::Global => "class",
            Self::Object => "object",
            Self::Extension => "extension",
            Self::Persistent => "persistent reference",
        })
    }
}
