//! What can happen while one watches. Plain data for the renderers.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::judge::{Case, Verdict};
use crate::model::Inventory;
use crate::reap::Target;

/// Something that happened, or was seen to have.
#[derive(Debug)]
pub struct Event {
    /// When, on our own clock.
    pub time: SystemTime,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// A session or leftover is there that was not, or was not selected.
    Appeared(About),
    /// Its verdict is another than before.
    Changed {
        /// What it is now.
        about: About,
        /// What it was judged.
        was: Verdict,
    },
    /// It is there no more. It is told as it was seen last.
    Gone(About),
    /// We dropped it, or would have, or could not.
    Dropped(Box<Target>),
    /// The server does not answer.
    ServerLost {
        /// Why, in words.
        detail: String,
    },
    /// The server answers again.
    ServerBack {
        /// It is another one: it was started since. `None` if that cannot be told.
        restarted: Option<bool>,
        /// For how long it was not reached.
        lost_for: Duration,
    },
}

/// Which session or leftover, and how it is.
#[derive(Clone, Debug)]
pub struct About {
    /// Its id.
    pub id: Uuid,
    /// It is a process registration that a session left behind.
    pub leftover: bool,
    /// How it is judged.
    pub verdict: Verdict,
    /// Why, in words.
    pub evidence: Vec<String>,
    /// Its component keys.
    pub components: Vec<String>,
    /// How old it is.
    pub age: Option<Duration>,
}

impl About {
    /// A case of a look.
    #[must_use]
    pub fn of(inventory: &Inventory, case: &Case) -> Self {
        Self {
            id: case.id,
            leftover: case.session(inventory).is_none(),
            verdict: case.verdict,
            evidence: case.evidence.clone(),
            components: case.keys(inventory).into_iter().map(str::to_owned).collect(),
            age: case.age,
        }
    }
}
