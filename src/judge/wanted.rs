//! Which component keys a command is about.

use std::collections::HashSet;

/// Component keys, and roots that stand for all at and below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Component keys.
    pub keys: Vec<String>,
    /// Component keys that mean all below them too.
    pub roots: Vec<String>,
}

impl Wanted {
    /// What tells whether a key is among them.
    pub fn matcher(&self) -> impl Fn(&str) -> bool {
        let keys: HashSet<_> = self.keys.iter().map(String::as_str).collect();
        move |key| keys.contains(key) || self.roots.iter().any(|root| is_at_or_below(key, root))
    }
}

/// Whether a component key is this one, or of a component inside it.
pub(super) fn is_at_or_below(key: &str, root: &str) -> bool {
    key.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
