//! What the pickle stored to refer back to.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::arena::NodeId;

/// CPython numbers its memos 0, 1, 2…: those are a table. Any other numbering is kept in a map, so
/// that a pickle storing memo 4,000,000,000 pays for one.
#[derive(Default)]
pub(super) struct Memo {
    dense: Vec<NodeId>,
    sparse: HashMap<u32, NodeId>,
}

impl Memo {
    pub(super) fn len(&self) -> usize {
        self.dense.len() + self.sparse.len()
    }

    pub(super) fn get(&self, index: u32) -> Option<NodeId> {
        let dense = usize::try_from(index).ok().and_then(|index| self.dense.get(index));
        dense.or_else(|| self.sparse.get(&index)).copied()
    }

    pub(super) fn put(&mut self, index: u32, id: NodeId) {
        let slot = usize::try_from(index).unwrap_or(usize::MAX);
        match slot.cmp(&self.dense.len()) {
            Ordering::Less => self.dense[slot] = id,
            Ordering::Equal => {
                self.sparse.remove(&index);
                self.dense.push(id);
            }
            Ordering::Greater => {
                self.sparse.insert(index, id);
            }
        }
    }
}
