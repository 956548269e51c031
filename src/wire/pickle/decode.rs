//! What each opcode does. Nothing here calls, imports or looks up anything a pickle names.

use super::arena::{Growing, Node, NodeId, Object, Run};
use super::error::DecodeError;
use super::limits::Limits;
use super::machine::{Machine, Result};
use super::opcode as op;
use super::text;
use super::value::Document;

const NEWEST_PROTOCOL: u8 = 5;

/// Reads one pickle of protocol 2 to 5, which must be all of `bytes`.
///
/// # Errors
///
/// If the bytes are not such a pickle, or reading it would exceed `limits`.
pub fn decode(bytes: Vec<u8>, limits: &Limits) -> Result<Document> {
    let mut machine = Machine::new(bytes, limits)?;
    let root = machine.run()?;
    let (offset, count) = (machine.cursor.position(), machine.cursor.remaining());
    if count > 0 {
        return Err(DecodeError::TrailingData { offset, count });
    }
    Ok(Document::new(machine.cursor.into_store(), machine.arena, root))
}

impl Machine {
    fn run(&mut self) -> Result<NodeId> {
        loop {
            self.offset = self.cursor.position();
            let opcode = self.u8()?;
            if opcode == op::STOP {
                return self.pop();
            }
            // The most frequent groups first.
            let known = self.back_reference(opcode)?
                || self.text(opcode)?
                || self.container(opcode)?
                || self.stack(opcode)?
                || self.number(opcode)?
                || self.object(opcode)?;
            if !known {
                return Err(DecodeError::UnknownOpcode { opcode, offset: self.offset });
            }
        }
    }

    fn back_reference(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            op::MEMOIZE => self.memoize()?,
            op::BINGET | op::LONG_BINGET | op::GET => {
                let index = self.memo_index(opcode)?;
                self.recall(index)?;
            }
            op::BINPUT | op::LONG_BINPUT | op::PUT => {
                let index = self.memo_index(opcode)?;
                self.store(index)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn memo_index(&mut self, opcode: u8) -> Result<u32> {
        match opcode {
            op::BINGET | op::BINPUT => self.u8().map(u32::from),
            op::LONG_BINGET | op::LONG_BINPUT => self.u32(),
            _ => {
                let line = self.line()?;
                text::memo_index(self.cursor.bytes(line)).ok_or_else(|| self.malformed_number())
            }
        }
    }

    fn container(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            op::EMPTY_LIST => self.push_node(Node::List(Growing::EMPTY))?,
            op::EMPTY_DICT => self.push_node(Node::Dict(Growing::EMPTY))?,
            op::EMPTY_SET => self.push_node(Node::Set(Growing::EMPTY))?,
            op::EMPTY_TUPLE => self.push(NodeId::EMPTY_TUPLE)?,
            op::TUPLE1 => self.tuple(1)?,
            op::TUPLE2 => self.tuple(2)?,
            op::TUPLE3 => self.tuple(3)?,
            op::TUPLE => {
                let run = self.take_marked()?;
                self.push_tuple(run)?;
            }
            op::FROZENSET => {
                let run = self.take_marked()?;
                self.push_node(Node::FrozenSet(run))?;
            }
            op::LIST => {
                let items = self.take_marked()?;
                let items = self.grown(Growing::EMPTY, items)?;
                self.push_node(Node::List(items))?;
            }
            op::DICT => {
                let entries = self.take_marked()?;
                self.check_even(entries)?;
                let entries = self.grown(Growing::EMPTY, entries)?;
                self.push_node(Node::Dict(entries))?;
            }
            op::APPEND | op::APPENDS | op::ADDITEMS | op::SETITEM | op::SETITEMS => {
                self.grow(opcode)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn tuple(&mut self, count: usize) -> Result<()> {
        let run = self.take_top(count)?;
        self.push_tuple(run)
    }

    fn push_tuple(&mut self, run: Run) -> Result<()> {
        if run.len == 0 { self.push(NodeId::EMPTY_TUPLE) } else { self.push_node(Node::Tuple(run)) }
    }

    /// Adds what lies above a container to it.
    fn grow(&mut self, opcode: u8) -> Result<()> {
        let run = match opcode {
            op::APPEND => self.take_top(1)?,
            op::SETITEM => self.take_top(2)?,
            _ => self.take_marked()?,
        };
        let id = self.top()?;
        if matches!(opcode, op::SETITEM | op::SETITEMS) {
            self.check_even(run)?;
            return self.grow_entries(id, run);
        }
        match (opcode, self.arena.node(id)) {
            (op::APPEND | op::APPENDS, Node::List(items)) => {
                let items = self.grown(items, run)?;
                self.arena.replace(id, Node::List(items));
            }
            (op::ADDITEMS, Node::Set(items)) => {
                let items = self.grown(items, run)?;
                self.arena.replace(id, Node::Set(items));
            }
            (_, Node::Object(object)) => {
                let items = self.grown(self.arena.object(object).items, run)?;
                self.arena.object_mut(object).items = items;
            }
            _ => return Err(self.unexpected("a list, a set or an object to add to", id)),
        }
        Ok(())
    }

    fn grow_entries(&mut self, id: NodeId, run: Run) -> Result<()> {
        match self.arena.node(id) {
            Node::Dict(entries) => {
                let entries = self.grown(entries, run)?;
                self.arena.replace(id, Node::Dict(entries));
            }
            Node::Object(object) => {
                let entries = self.grown(self.arena.object(object).entries, run)?;
                self.arena.object_mut(object).entries = entries;
            }
            _ => return Err(self.unexpected("a dict or an object to add to", id)),
        }
        Ok(())
    }

    fn check_even(&self, run: Run) -> Result<()> {
        if run.len.is_multiple_of(2) {
            Ok(())
        } else {
            Err(DecodeError::OddItems { offset: self.offset })
        }
    }

    pub(super) fn grown(&mut self, growing: Growing, run: Run) -> Result<Growing> {
        let grown = self.arena.grown(growing, run);
        self.within(grown)
    }

    fn stack(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            op::MARK => self.mark()?,
            op::POP => self.discard()?,
            op::POP_MARK => self.pop_mark()?,
            op::DUP => {
                let top = self.top()?;
                self.push(top)?;
            }
            op::PROTO => {
                let protocol = self.u8()?;
                if protocol > NEWEST_PROTOCOL {
                    let offset = self.offset;
                    return Err(DecodeError::UnsupportedProtocol { protocol, offset });
                }
            }
            op::FRAME => {
                // A frame tells a reader how much to fetch at once; everything is here already.
                let len = self.u64()?;
                if usize::try_from(len).is_ok_and(|len| len > self.cursor.remaining()) {
                    return Err(DecodeError::Truncated { offset: self.offset });
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Classes and their instances.
    fn object(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            op::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                self.push_global(module, name)?;
            }
            op::GLOBAL => {
                for _ in 0..2 {
                    let line = self.line()?;
                    self.push_string(line)?;
                }
                let (name, module) = (self.pop()?, self.pop()?);
                self.push_global(module, name)?;
            }
            op::REDUCE | op::NEWOBJ => {
                let (args, class) = (self.pop()?, self.pop()?);
                self.push_object(class, args, NodeId::NONE, opcode)?;
            }
            op::NEWOBJ_EX => {
                let (kwargs, args, class) = (self.pop()?, self.pop()?, self.pop()?);
                self.push_object(class, args, kwargs, opcode)?;
            }
            op::BUILD => {
                let (state, id) = (self.pop()?, self.top()?);
                let Node::Object(object) = self.arena.node(id) else {
                    return Err(self.unexpected("an object to give its state", id));
                };
                self.arena.object_mut(object).state = state;
            }
            op::EXT1 | op::EXT2 | op::EXT4 => {
                let code = match opcode {
                    op::EXT1 => self.u8()?.into(),
                    op::EXT2 => self.array().map(u16::from_le_bytes)?.into(),
                    _ => self.u32()?,
                };
                self.push_node(Node::Extension(code))?;
            }
            op::PERSID | op::BINPERSID => {
                if opcode == op::PERSID {
                    let line = self.line()?;
                    self.push_string(line)?;
                }
                let id = self.pop()?;
                self.push_node(Node::Persistent(id))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn push_global(&mut self, module: NodeId, name: NodeId) -> Result<()> {
        for id in [module, name] {
            if !matches!(self.arena.node(id), Node::Str(_)) {
                return Err(self.unexpected("the name of a class", id));
            }
        }
        self.push_node(Node::Global { module, name })
    }

    fn push_object(
        &mut self,
        class: NodeId,
        args: NodeId,
        kwargs: NodeId,
        opcode: u8,
    ) -> Result<()> {
        let Node::Tuple(run) = self.arena.node(args) else {
            return Err(self.unexpected("a tuple of arguments", args));
        };
        if opcode == op::REDUCE
            && let Some(node) = self.legacy_value(class, run)?
        {
            return self.push_node(node);
        }
        let (items, entries) = (Growing::EMPTY, Growing::EMPTY);
        let object = Object { class, args, kwargs, state: NodeId::NONE, items, entries };
        let added = self.arena.add_object(object);
        let id = self.within(added)?;
        self.push(id)
    }
}
