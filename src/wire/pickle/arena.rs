//! Values as rows of flat tables: nothing here owns another value, so nothing recurses when dropped.

use super::cursor::Span;
use super::error::Resource;
use super::limits::Limits;

/// The number of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(u32);

impl NodeId {
    pub(super) const NONE: Self = Self(0);
    pub(super) const FALSE: Self = Self(1);
    pub(super) const TRUE: Self = Self(2);
    pub(super) const EMPTY_TUPLE: Self = Self(3);
}

/// One value. Its parts are elsewhere: bytes in the store, references in the arena.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// Little-endian two's complement, too long for [`Node::Int`].
    BigInt(Span),
    Float(f64),
    /// Valid UTF-8.
    Str(Span),
    Bytes(Span),
    Tuple(Run),
    FrozenSet(Run),
    List(Growing),
    Set(Growing),
    /// Keys and values in turn.
    Dict(Growing),
    Global {
        module: NodeId,
        name: NodeId,
    },
    Object(ObjectId),
    Extension(u32),
    Persistent(NodeId),
}

// Snapshots have millions of nodes.
const _: () = assert!(size_of::<Node>() == 16);

/// The number of an object in its own table; objects are larger than other values.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObjectId(u32);

/// What a pickle says of an instance of a class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object {
    pub(super) class: NodeId,
    pub(super) args: NodeId,
    /// [`NodeId::NONE`] if there are none; so is `state`.
    pub(super) kwargs: NodeId,
    pub(super) state: NodeId,
    pub(super) items: Growing,
    pub(super) entries: Growing,
}

/// References that lie side by side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// References of a container that may still grow: a chain of runs. CPython writes up to 1000 elements
/// at once, so most chains are one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growing {
    first: u32,
    last: u32,
}

const NO_CHUNK: u32 = u32::MAX;

/// What a run of a chain costs in references.
const CHUNK_COST: usize = 3;

impl Growing {
    pub(super) const EMPTY: Self = Self { first: NO_CHUNK, last: NO_CHUNK };

    /// Where walking it begins.
    pub(super) fn first(self) -> Next {
        Next(self.first)
    }
}

/// The next run of a chain, if any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next(u32);

impl Next {
    pub(super) const END: Self = Self(NO_CHUNK);
}

#[derive(Debug, Clone, Copy)]
struct Chunk {
    run: Run,
    next: u32,
}

/// The tables.
pub(super) struct Arena {
    nodes: Vec<Node>,
    objects: Vec<Object>,
    references: Vec<NodeId>,
    chunks: Vec<Chunk>,
    limits: Limits,
}

impl Arena {
    pub(super) fn new(limits: &Limits) -> Self {
        // In the order of the constants of `NodeId`.
        let nodes =
            vec![Node::None, Node::Bool(false), Node::Bool(true), Node::Tuple(Run::default())];
        let (objects, references, chunks) = (Vec::new(), Vec::new(), Vec::new());
        Self { nodes, objects, references, chunks, limits: *limits }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }

    pub(super) fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.0 as usize]
    }

    pub(super) fn object_mut(&mut self, id: ObjectId) -> &mut Object {
        &mut self.objects[id.0 as usize]
    }

    pub(super) fn reference(&self, index: u32) -> Option<NodeId> {
        self.references.get(index as usize).copied()
    }

    pub(super) fn references(&self, run: Run) -> &[NodeId] {
        let start = run.start as usize;
        &self.references[start..start + run.len as usize]
    }

    /// The run a chain goes on with, and what follows it.
    pub(super) fn chunk(&self, next: Next) -> Option<(Run, Next)> {
        let chunk = self.chunks.get(next.0 as usize)?;
        Some((chunk.run, Next(chunk.next)))
    }

    pub(super) fn add(&mut self, node: Node) -> Result<NodeId, Resource> {
        let id = below(self.nodes.len(), self.limits.max_nodes).ok_or(Resource::Nodes)?;
        self.nodes.push(node);
        Ok(NodeId(id))
    }

    pub(super) fn add_object(&mut self, object: Object) -> Result<NodeId, Resource> {
        // Every object has a node, so the nodes' limit is theirs too.
        let id = below(self.objects.len(), self.limits.max_nodes).ok_or(Resource::Nodes)?;
        let node = self.add(Node::Object(ObjectId(id)))?;
        self.objects.push(object);
        Ok(node)
    }

    /// Puts another node in the place of one, for all that refer to it.
    pub(super) fn replace(&mut self, id: NodeId, node: Node) {
        self.nodes[id.0 as usize] = node;
    }

    pub(super) fn run(&mut self, ids: &[NodeId]) -> Result<Run, Resource> {
        let used = self.references.len() + CHUNK_COST * self.chunks.len();
        let len = u32::try_from(ids.len()).map_err(|_| Resource::References)?;
        let start = u32::try_from(self.references.len()).map_err(|_| Resource::References)?;
        if used + ids.len() > self.limits.max_references as usize {
            return Err(Resource::References);
        }
        self.references.extend_from_slice(ids);
        Ok(Run { start, len })
    }

    /// The container with a run appended.
    pub(super) fn grown(&mut self, growing: Growing, run: Run) -> Result<Growing, Resource> {
        if run.len == 0 {
            return Ok(growing);
        }
        let last = self.chunks.get_mut(growing.last as usize);
        if let Some(last) = last.filter(|last| last.run.start + last.run.len == run.start) {
            last.run.len += run.len;
            return Ok(growing);
        }
        let max = self.limits.max_references;
        let index = below(self.chunks.len(), max).ok_or(Resource::References)?;
        self.chunks.push(Chunk { run, next: NO_CHUNK });
        let Some(last) = self.chunks.get_mut(growing.last as usize) else {
            return Ok(Growing { first: index, last: index });
        };
        last.next = index;
        Ok(Growing { last: index, ..growing })
    }
}

/// `count` as an index, if it is below `max`.
fn below(count: usize, max: u32) -> Option<u32> {
    u32::try_from(count).ok().filter(|&count| count < max)
}
