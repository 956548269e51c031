//! Plain values that old protocols write as calls: bytes before protocol 3, sets before 4, bytearrays
//! before 5. The calls are recognised by their exact form and read as the values they stand for.

use super::arena::{Growing, Node, NodeId, Run};
use super::machine::{Machine, Result};
use super::text;

enum Callee {
    Bytes,
    Encode,
    Set,
    FrozenSet,
}

impl Machine {
    /// The value a call stands for, or `None` if it is some other call, to be kept as an object.
    pub(super) fn legacy_value(&mut self, class: NodeId, args: Run) -> Result<Option<Node>> {
        let Some(callee) = self.callee(class) else { return Ok(None) };
        let ids = self.arena.references(args);
        let argument = |index| ids.get(index).map(|&id: &NodeId| self.arena.node(id));
        match (callee, ids.len(), argument(0), argument(1)) {
            (Callee::Bytes, 0, ..) => self.keep(&[]).map(|span| Some(Node::Bytes(span))),
            (Callee::Bytes, 1, Some(Node::Bytes(span)), _) => Ok(Some(Node::Bytes(span))),
            (
                Callee::Bytes | Callee::Encode,
                2,
                Some(Node::Str(text)),
                Some(Node::Str(encoding)),
            ) if matches!(self.cursor.bytes(encoding), b"latin1" | b"latin-1") => {
                // An error, as in Python: kept as a call, it would be tried at every repetition.
                let bytes = text::latin1(self.cursor.bytes(text))
                    .ok_or_else(|| self.unexpected("a string of latin-1", ids[0]))?;
                self.keep(&bytes).map(|span| Some(Node::Bytes(span)))
            }
            (Callee::Set, 1, Some(Node::List(items)), _) => {
                let run = self.copied(items)?;
                self.grown(Growing::EMPTY, run).map(|items| Some(Node::Set(items)))
            }
            (Callee::FrozenSet, 1, Some(Node::List(items)), _) => {
                self.copied(items).map(|run| Some(Node::FrozenSet(run)))
            }
            _ => Ok(None),
        }
    }

    fn callee(&self, class: NodeId) -> Option<Callee> {
        let Node::Global { module, name } = self.arena.node(class) else { return None };
        let (Node::Str(module), Node::Str(name)) = (self.arena.node(module), self.arena.node(name))
        else {
            return None;
        };
        match (self.cursor.bytes(module), self.cursor.bytes(name)) {
            (b"_codecs", b"encode") => Some(Callee::Encode),
            (b"__builtin__" | b"builtins", b"bytes" | b"bytearray") => Some(Callee::Bytes),
            (b"__builtin__" | b"builtins", b"set") => Some(Callee::Set),
            (b"__builtin__" | b"builtins", b"frozenset") => Some(Callee::FrozenSet),
            _ => None,
        }
    }

    /// A list's elements once more: the list may go on growing.
    fn copied(&mut self, items: Growing) -> Result<Run> {
        let mut ids = Vec::new();
        let mut next = items.first();
        while let Some((run, following)) = self.arena.chunk(next) {
            ids.extend_from_slice(self.arena.references(run));
            next = following;
        }
        let run = self.arena.run(&ids);
        self.within(run)
    }
}
