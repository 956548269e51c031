//! A pickle → a document that can be walked.

use graphctl::wire::pickle::{Document, Item, Limits, decode};

/// More than any input of this size may make of itself, so that what repeats itself is met too.
const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_nodes: 1 << 16, max_references: 1 << 18 };

/// As many items of a document are visited: one may contain itself.
const VISITED: usize = 2000;

pub(crate) fn holds(bytes: &[u8]) {
    let Ok(document) = decode(bytes.to_vec(), &LIMITS) else { return };
    assert!(document.node_count() <= LIMITS.max_nodes as usize);
    walk(&document);
}

fn walk(document: &Document) {
    let mut found = vec![document.root()];
    for at in 0..VISITED {
        let Some(&item) = found.get(at) else { break };
        let room = VISITED.saturating_sub(found.len());
        read(item);
        found.extend(children(item).take(room));
    }
}

/// Reads it as each kind of value.
fn read(item: Item<'_>) {
    let _ = (item.kind(), item.is_none(), item.as_bool(), item.as_i64(), item.as_u64());
    let _ = (item.as_u128(), item.as_i128(), item.as_f64(), item.as_str(), item.as_bytes());
    let _ = (item.class(), item.attr("int"), item.get("int"), format!("{item:?}"));
}

fn children(item: Item<'_>) -> impl Iterator<Item = Item<'_>> {
    let elements = item.elements().into_iter().flatten();
    let entries = item.entries().into_iter().flatten().flat_map(|(key, value)| [key, value]);
    let args = item.args().into_iter().flatten();
    elements.chain(entries).chain(args).chain(item.kwargs()).chain(item.state())
}
