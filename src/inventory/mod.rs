//! What a server says → [`Inventory`]. One file a source, and what bounds them; nothing here judges.

mod admin;
mod ration;
mod snapshot;

pub use admin::{Listing, add_traffic};
pub use snapshot::{from_pickle, ping_answer};

use uuid::Uuid;

use crate::model::{Inventory, OWN_ROOT, Session};

/// The order in which everything is shown and judged: oldest first.
fn sort(inventory: &mut Inventory) {
    inventory.sessions.sort_by_key(|session| (session.created, session.id));
    inventory.processes.sort_by_key(|process| (process.created, process.id));
}

/// Whether a session is a graphctl's: `own`, or one that registered itself as such and nothing else.
fn is_graphctl(session: &Session, own: Uuid) -> bool {
    let named = session.root.as_deref() == Some(OWN_ROOT);
    session.id == own || (named && session.components.is_empty())
}
