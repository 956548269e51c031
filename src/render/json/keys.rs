//! What became of component keys: `check` and `wait`.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use super::cases::{CollisionView, MissingView, collision, missing};
use super::server::{ServerView, server};
use super::{document, seconds};
use crate::judge::{Collision, Missing, Wanted};
use crate::model::Server;

#[derive(Serialize)]
struct CheckDocument<'a> {
    server: ServerView<'a>,
    free: bool,
    collisions: Vec<CollisionView<'a>>,
}

#[derive(Serialize)]
struct WaitDocument<'a> {
    server: ServerView<'a>,
    r#for: &'static str,
    keys: &'a [String],
    roots: &'a [String],
    reached: bool,
    waited_seconds: f64,
    /// Each of these is `null` where the other was waited for.
    collisions: Option<Vec<CollisionView<'a>>>,
    missing: Option<Vec<MissingView<'a>>>,
}

/// What was in the way of what was waited for, in the end.
#[derive(Clone, Copy, Debug)]
pub enum Hindrance<'a> {
    /// Of keys that were to be free.
    Free(&'a [Collision]),
    /// Of keys that were to be live.
    Live(&'a [Missing]),
}

/// `sessions check`.
pub fn check(out: &mut dyn Write, at: &Server, collisions: &[Collision]) -> io::Result<()> {
    document(
        out,
        &CheckDocument {
            server: server(at),
            free: collisions.is_empty(),
            collisions: collisions.iter().map(collision).collect(),
        },
    )
}

/// `sessions wait`, which took that long.
pub fn wait(
    out: &mut dyn Write,
    at: &Server,
    wanted: &Wanted,
    hindrance: Hindrance<'_>,
    took: Duration,
) -> io::Result<()> {
    let (goal, collisions, missed) = match hindrance {
        Hindrance::Free(collisions) => ("free", Some(collisions), None),
        Hindrance::Live(missing) => ("live", None, Some(missing)),
    };
    document(
        out,
        &WaitDocument {
            server: server(at),
            r#for: goal,
            keys: &wanted.keys,
            roots: &wanted.roots,
            reached: collisions.is_none_or(<[_]>::is_empty) && missed.is_none_or(<[_]>::is_empty),
            waited_seconds: seconds(took),
            collisions: collisions.map(|it| it.iter().map(collision).collect()),
            missing: missed.map(|it| it.iter().map(missing).collect()),
        },
    )
}
