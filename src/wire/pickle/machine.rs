//! The stack, the marks and the memo, and every check on them. Knows values, not opcodes.

use super::arena::{Arena, Node, NodeId, Run};
use super::cursor::{Cursor, Span, Truncated};
use super::error::{DecodeError, Resource};
use super::kind::Kind;
use super::limits::Limits;
use super::memo::Memo;

pub(super) type Result<T> = std::result::Result<T, DecodeError>;

/// A pickle half read.
pub(super) struct Machine {
    pub(super) cursor: Cursor,
    pub(super) arena: Arena,
    /// Where the current opcode is.
    pub(super) offset: usize,
    limits: Limits,
    stack: Vec<NodeId>,
    /// The height of the stack at each mark.
    marks: Vec<usize>,
    memo: Memo,
}

impl Machine {
    pub(super) fn new(input: Vec<u8>, limits: &Limits) -> Result<Self> {
        let error = DecodeError::LimitExceeded {
            resource: Resource::Bytes,
            limit: limits.max_bytes,
            offset: 0,
        };
        if input.len() > limits.max_bytes {
            return Err(error);
        }
        Ok(Self {
            cursor: Cursor::new(input).ok_or(error)?,
            arena: Arena::new(limits),
            offset: 0,
            limits: *limits,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Memo::default(),
        })
    }

    /// What the arena gave, or that a limit was reached.
    pub(super) fn within<T>(&self, result: std::result::Result<T, Resource>) -> Result<T> {
        result.map_err(|resource| self.exceeded(resource))
    }

    pub(super) fn exceeded(&self, resource: Resource) -> DecodeError {
        let limit = match resource {
            Resource::Bytes => self.limits.max_bytes,
            Resource::Nodes => self.limits.max_nodes as usize,
            Resource::References => self.limits.max_references as usize,
        };
        DecodeError::LimitExceeded { resource, limit, offset: self.offset }
    }

    pub(super) fn unexpected(&self, expected: &'static str, id: NodeId) -> DecodeError {
        let found = Kind::of(self.arena.node(id));
        DecodeError::Unexpected { expected, found, offset: self.offset }
    }

    pub(super) fn malformed_number(&self) -> DecodeError {
        DecodeError::MalformedNumber { offset: self.offset }
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let read = self.cursor.array();
        self.read(read)
    }

    /// The next `len` bytes.
    pub(super) fn span(&mut self, len: u64) -> Result<Span> {
        let read = self.cursor.span(len);
        self.read(read)
    }

    /// The bytes up to the next newline.
    pub(super) fn line(&mut self) -> Result<Span> {
        let read = self.cursor.line();
        self.read(read)
    }

    fn read<T>(&self, result: std::result::Result<T, Truncated>) -> Result<T> {
        result.map_err(|Truncated| DecodeError::Truncated { offset: self.offset })
    }

    /// Keeps bytes that had to be rewritten.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Result<Span> {
        let kept = self.cursor.keep(bytes, self.limits.max_bytes);
        kept.ok_or_else(|| self.exceeded(Resource::Bytes))
    }

    /// Makes a value and leaves it on the stack.
    pub(super) fn push_node(&mut self, node: Node) -> Result<()> {
        let added = self.arena.add(node);
        let id = self.within(added)?;
        self.push(id)
    }

    pub(super) fn push(&mut self, id: NodeId) -> Result<()> {
        self.check_references(self.stack.len())?;
        self.stack.push(id);
        Ok(())
    }

    /// Takes the topmost value; values below a mark are out of reach.
    pub(super) fn pop(&mut self) -> Result<NodeId> {
        self.top()?;
        self.stack.pop().ok_or(DecodeError::StackUnderflow { offset: self.offset })
    }

    pub(super) fn top(&self) -> Result<NodeId> {
        let reachable = &self.stack[self.marks.last().copied().unwrap_or(0)..];
        reachable.last().copied().ok_or(DecodeError::StackUnderflow { offset: self.offset })
    }

    pub(super) fn mark(&mut self) -> Result<()> {
        self.check_references(self.marks.len())?;
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// Takes the mark away and says how high the stack was there.
    fn unmark(&mut self) -> Result<usize> {
        self.marks.pop().ok_or(DecodeError::MissingMark { offset: self.offset })
    }

    /// Discards all values since the mark.
    pub(super) fn pop_mark(&mut self) -> Result<()> {
        let height = self.unmark()?;
        self.stack.truncate(height);
        Ok(())
    }

    /// Discards the topmost value or, as CPython does, a mark with nothing above it.
    pub(super) fn discard(&mut self) -> Result<()> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    /// Moves all values since the mark into the arena.
    pub(super) fn take_marked(&mut self) -> Result<Run> {
        let height = self.unmark()?;
        self.take_from(height)
    }

    /// Moves the topmost `count` values into the arena.
    pub(super) fn take_top(&mut self, count: usize) -> Result<Run> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let height = self.stack.len().checked_sub(count).filter(|&height| height >= floor);
        self.take_from(height.ok_or(DecodeError::StackUnderflow { offset: self.offset })?)
    }

    fn take_from(&mut self, height: usize) -> Result<Run> {
        let run = self.arena.run(&self.stack[height..]);
        self.stack.truncate(height);
        self.within(run)
    }

    pub(super) fn memoize(&mut self) -> Result<()> {
        let next = u32::try_from(self.memo.len());
        self.store(next.map_err(|_| self.exceeded(Resource::References))?)
    }

    pub(super) fn store(&mut self, index: u32) -> Result<()> {
        let id = self.top()?;
        self.check_references(self.memo.len())?;
        self.memo.put(index, id);
        Ok(())
    }

    pub(super) fn recall(&mut self, index: u32) -> Result<()> {
        let offset = self.offset;
        let id = self.memo.get(index).ok_or(DecodeError::MissingMemo { index, offset })?;
        self.push(id)
    }

    fn check_references(&self, held: usize) -> Result<()> {
        if held < self.limits.max_references as usize {
            Ok(())
        } else {
            Err(self.exceeded(Resource::References))
        }
    }
}
