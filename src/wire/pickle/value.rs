//! The read-only view of a decoded pickle. Looking at a value never looks further than its parts.

use std::fmt;

use super::arena::{Arena, Next, Node, NodeId, Object, Run};
use super::cursor::{Span, Store};
use super::kind::Kind;
use super::limits::MOST_ATTRIBUTES;
use super::text;

/// A decoded pickle: the bytes it was, and what they say.
pub struct Document {
    store: Store,
    arena: Arena,
    root: NodeId,
}

impl Document {
    pub(super) fn new(store: Store, arena: Arena, root: NodeId) -> Self {
        Self { store, arena, root }
    }

    /// The pickled value.
    #[must_use]
    pub fn root(&self) -> Item<'_> {
        Item { document: self, id: self.root }
    }

    /// How many values the pickle is made of.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.arena.len()
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("nodes", &self.arena.len())
            .field("root", &self.root())
            .finish_non_exhaustive()
    }
}

/// One value of a [`Document`].
///
/// Two items may be the same value, and a value may contain itself: whoever walks a document without
/// knowing its shape has to bound the walk.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    document: &'a Document,
    id: NodeId,
}

impl<'a> Item<'a> {
    /// What sort of value this is.
    #[must_use]
    pub fn kind(self) -> Kind {
        Kind::of(self.node())
    }

    /// Whether this is `None`.
    #[must_use]
    pub fn is_none(self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// The value of a bool.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.node() {
            Node::Bool(bool) => Some(bool),
            _ => None,
        }
    }

    /// The value of an int that fits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self.node() {
            Node::Int(int) => Some(int),
            _ => None,
        }
    }

    /// The value of an int that fits.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        u64::try_from(self.as_u128()?).ok()
    }

    /// The value of an int that fits.
    #[must_use]
    pub fn as_u128(self) -> Option<u128> {
        match self.node() {
            Node::Int(int) => u128::try_from(int).ok(),
            Node::BigInt(span) => text::unsigned(self.span(span)),
            _ => None,
        }
    }

    /// The value of an int that fits.
    #[must_use]
    pub fn as_i128(self) -> Option<i128> {
        match self.node() {
            Node::Int(int) => Some(int.into()),
            Node::BigInt(span) => text::signed(self.span(span)),
            _ => None,
        }
    }

    /// The value of a float.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        match self.node() {
            Node::Float(float) => Some(float),
            _ => None,
        }
    }

    /// The text of a string; lone surrogates in it read as U+FFFD.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        match self.node() {
            Node::Str(span) => std::str::from_utf8(self.span(span)).ok(),
            _ => None,
        }
    }

    /// The content of bytes or of a bytearray.
    #[must_use]
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        match self.node() {
            Node::Bytes(span) => Some(self.span(span)),
            _ => None,
        }
    }

    /// The elements of a list, tuple, set or frozenset, or those an object was filled with.
    #[must_use]
    pub fn elements(self) -> Option<Items<'a>> {
        let (run, next) = match self.node() {
            Node::Tuple(run) | Node::FrozenSet(run) => (run, Next::END),
            Node::List(items) | Node::Set(items) => (Run::default(), items.first()),
            Node::Object(id) => (Run::default(), self.arena().object(id).items.first()),
            _ => return None,
        };
        Some(Items { document: self.document, run, next })
    }

    /// The keys and values of a dict, or those an object was filled with.
    #[must_use]
    pub fn entries(self) -> Option<Entries<'a>> {
        let next = match self.node() {
            Node::Dict(entries) => entries.first(),
            Node::Object(id) => self.arena().object(id).entries.first(),
            _ => return None,
        };
        Some(Entries(Items { document: self.document, run: Run::default(), next }))
    }

    /// Module and qualified name of a class or function, or of the one that made an object.
    ///
    /// Protocol 2 uses Python 2's module names, such as `__builtin__`.
    #[must_use]
    pub fn class(self) -> Option<(&'a str, &'a str)> {
        match self.node() {
            Node::Global { module, name } => {
                Some((self.at(module).as_str()?, self.at(name).as_str()?))
            }
            Node::Object(id) => {
                let class = self.at(self.arena().object(id).class);
                // Whatever else an object was made with has no name.
                if class.kind() == Kind::Global { class.class() } else { None }
            }
            _ => None,
        }
    }

    /// The arguments an object was made with.
    #[must_use]
    pub fn args(self) -> Option<Items<'a>> {
        self.at(self.object()?.args).elements()
    }

    /// The keyword arguments an object was made with, a dict, if there were any.
    #[must_use]
    pub fn kwargs(self) -> Option<Item<'a>> {
        Some(self.at(self.object()?.kwargs)).filter(|kwargs| !kwargs.is_none())
    }

    /// What an object was told to restore: mostly a dict of attributes.
    #[must_use]
    pub fn state(self) -> Option<Item<'a>> {
        Some(self.at(self.object()?.state)).filter(|state| !state.is_none())
    }

    /// An attribute of an object, if it is one of its first [`MOST_ATTRIBUTES`]. Its state is a dict or, for
    /// a class with slots, a pair of dicts.
    #[must_use]
    pub fn attr(self, name: &str) -> Option<Item<'a>> {
        let among = |part: Self| last_of(part.entries()?.take(MOST_ATTRIBUTES), name);
        let state = self.state()?;
        match state.kind() {
            Kind::Tuple => state.elements()?.take(2).filter_map(among).last(),
            _ => among(state),
        }
    }

    /// The value of a string key of a dict, or of what an object was filled with. Takes time in
    /// proportion to the entries.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Item<'a>> {
        last_of(self.entries()?, key)
    }

    fn object(self) -> Option<&'a Object> {
        match self.node() {
            Node::Object(id) => Some(self.arena().object(id)),
            _ => None,
        }
    }

    fn node(self) -> Node {
        self.arena().node(self.id)
    }

    fn arena(self) -> &'a Arena {
        &self.document.arena
    }

    fn at(self, id: NodeId) -> Self {
        Self { document: self.document, id }
    }

    fn span(self, span: Span) -> &'a [u8] {
        self.document.store.bytes(span)
    }
}

/// As in Python, the last of equal keys counts.
fn last_of<'a>(entries: impl Iterator<Item = (Item<'a>, Item<'a>)>, key: &str) -> Option<Item<'a>> {
    let same = |item: Item<'_>| matches!(item.node(), Node::Str(span) if item.span(span) == key.as_bytes());
    entries.filter(|&(found, _)| same(found)).last().map(|(_, value)| value)
}

/// Shallow: scalars show their value, containers only what they are.
impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node() {
            Node::None => f.write_str("None"),
            Node::Bool(bool) => write!(f, "{bool:?}"),
            Node::Int(int) => write!(f, "{int}"),
            Node::BigInt(span) => write!(f, "int of {} bytes", self.span(span).len()),
            Node::Float(float) => write!(f, "{float:?}"),
            Node::Str(_) => write!(f, "{:?}", self.as_str().unwrap_or_default()),
            Node::Bytes(span) => write!(f, "{} bytes", self.span(span).len()),
            Node::Extension(code) => write!(f, "extension {code}"),
            Node::Persistent(id) => write!(f, "persistent reference by {}", self.at(id).kind()),
            Node::Global { .. } | Node::Object(_) => {
                let (module, name) = self.class().unwrap_or(("?", "?"));
                write!(f, "{} {module}.{name}", self.kind())
            }
            _ => write!(f, "{}", self.kind()),
        }
    }
}

/// Elements of an [`Item`], in order.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    document: &'a Document,
    run: Run,
    next: Next,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        while self.run.len == 0 {
            (self.run, self.next) = self.document.arena.chunk(self.next)?;
        }
        let id = self.document.arena.reference(self.run.start)?;
        self.run.start += 1;
        self.run.len -= 1;
        Some(Item { document: self.document, id })
    }
}

/// Keys and values of an [`Item`], in order.
#[derive(Debug, Clone)]
pub struct Entries<'a>(Items<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (Item<'a>, Item<'a>);

    fn next(&mut self) -> Option<(Item<'a>, Item<'a>)> {
        Some((self.0.next()?, self.0.next()?))
    }
}
