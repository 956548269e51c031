//! Snapshots made up byte by byte, for what no Python would pickle.

/// A string of these bytes, which need not be text.
pub(crate) fn text(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    let length = u32::try_from(bytes.len()).expect("a short text").to_le_bytes();
    [&b"X"[..], &length, bytes].concat()
}

/// This value, to be named again: [`again`].
pub(crate) fn stored(value: &[u8]) -> Vec<u8> {
    [value, b"q\0"].concat()
}

/// The value that was stored.
pub(crate) fn again() -> Vec<u8> {
    b"h\0".to_vec()
}

pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [b"](", &items.concat()[..], b"e"].concat()
}

pub(crate) fn dict<K: AsRef<[u8]>>(entries: &[(K, Vec<u8>)]) -> Vec<u8> {
    let entries = entries.iter().flat_map(|(key, value)| [text(key), value.clone()]);
    [b"}(", &entries.collect::<Vec<_>>().concat()[..], b"u"].concat()
}

/// An instance of one of ezmsg's classes, with these attributes.
pub(crate) fn object<K: AsRef<[u8]>>(class: &str, attributes: &[(K, Vec<u8>)]) -> Vec<u8> {
    let class = format!("cezmsg.core.graphmeta\n{class}\n");
    [class.as_bytes(), b")\x81", &dict(attributes), b"b"].concat()
}

/// A session with this root name and these components, which are no units.
pub(crate) fn session(root: Vec<u8>, components: Vec<u8>) -> Vec<u8> {
    let metadata = object("GraphMetadata", &[("root_name", root), ("components", components)]);
    object("SnapshotSession", &[("edges", list(&[])), ("metadata", metadata)])
}

/// The whole reply to SNAPSHOT.
pub(crate) fn snapshot(sessions: Vec<u8>, processes: Vec<u8>) -> Vec<u8> {
    let whole = object("GraphSnapshot", &[("sessions", sessions), ("processes", processes)]);
    let pickle = [b"\x80\x04", &whole[..], b"."].concat();
    [crate::fake::block(&pickle), vec![0]].concat()
}
