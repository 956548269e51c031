//! Drops what a tree has left on the server, and verifies that its keys are free.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::trail::{Own, Trail};
use crate::console;
use crate::error::Error;
use crate::host::{Tree, uptime};
use crate::judge::{Case, Collision, Wanted, collisions};
use crate::look::Observer;
use crate::model::Inventory;
use crate::options::{Options, Talk};
use crate::reap::{self, Condemned, Extent, Target, Warrant};
use crate::render::json::Left;
use crate::render::{FULL_ID, Holders, report};

const COMMAND: &str = "run";

/// How long the end of the tree may be put off to learn which keys it holds.
const KEYS_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the server may take to clean up by itself. As a rule it takes milliseconds.
const CLEANS_UP: Duration = Duration::from_secs(2);

/// When it is looked for the second time whether it has. From then on each pause is twice the last: a look
/// takes some of its time.
const SECOND_LOOK: Duration = Duration::from_millis(20);

/// The keys that the tree holds on the server now. It is nothing but a help to verify later that they are
/// free: of a server that does not answer, none are told.
pub(super) async fn keys(options: &Options, trail: &Trail) -> BTreeSet<String> {
    if trail.is_empty() || !options.admin {
        return BTreeSet::new();
    }
    let listing = async {
        let mut observer = Observer::open(options).await?;
        let inventory = observer.inventory().await?;
        Ok::<_, Error>(own(&observer, &inventory, trail).keys)
    };
    tokio::time::timeout(KEYS_TIMEOUT, listing).await.ok().and_then(Result::ok).unwrap_or_default()
}

/// Waits for the server to clean up, drops what is there after that, and tells what is in the way of `keys`
/// and of what was dropped. What comes of that is added to what is `left`.
///
/// # Errors
/// Why that could not be done.
pub(super) async fn clear(
    options: &Options,
    tree: &Tree,
    trail: &Trail,
    mut keys: BTreeSet<String>,
    left: &mut Left,
) -> Result<(), String> {
    if !options.admin {
        return Err(Error::AdminOff { command: COMMAND }.to_string());
    }
    let mut observer = match Observer::open(options).await {
        // It was in the tree, or has gone, and its sessions with it. Older servers have none.
        Err(error) if error.nobody_listens() => return Ok(()),
        Err(Error::NoSessions { .. }) => return Ok(()),
        observer => observer.map_err(told)?,
    };
    let own = wait_for_cleanup(&mut observer, tree, trail, &mut keys).await?;
    if !own.is_empty() {
        left.targets = drop_all(&mut observer, &own, options.talk).await?;
    }
    left.collisions = verify(&mut observer, keys, options.talk).await?;
    Ok(())
}

/// What is left on the server when it has cleaned up, or should have.
async fn wait_for_cleanup(
    observer: &mut Observer,
    tree: &Tree,
    trail: &Trail,
    keys: &mut BTreeSet<String>,
) -> Result<HashSet<Uuid>, String> {
    let deadline = Instant::now() + CLEANS_UP;
    let mut pause = SECOND_LOOK;
    loop {
        let inventory = observer.inventory().await.map_err(told)?;
        if !observer.is_transparent(&inventory) {
            return Err("graphctl reaches the server through a tunnel or a proxy, \
                        and cannot tell what came from this machine"
                .into());
        }
        let mut own = own(observer, &inventory, trail);
        // Its port may be somebody else's by now; or one who could not be ended lives on.
        let ends: Vec<_> = own.clients.values().copied().collect();
        let held = tree.held(&ends).map_err(|error| error.to_string())?;
        own.clients.retain(|_, ends| !held.contains(ends));
        if own.clients.is_empty() || Instant::now() >= deadline {
            keys.extend(own.keys);
            return Ok(own.clients.into_keys().collect());
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

fn own(observer: &Observer, inventory: &Inventory, trail: &Trail) -> Own {
    trail.own(inventory, &observer.connections(inventory), uptime())
}

async fn drop_all(
    observer: &mut Observer,
    own: &HashSet<Uuid>,
    talk: Talk,
) -> Result<Vec<Target>, String> {
    let look = observer.look().await.map_err(told)?;
    // Whatever of it somebody else's process runs is not the tree's alone.
    let is_own = |case: &&Case| {
        let mut processes = case.processes(&look.inventory);
        own.contains(&case.id) && processes.all(|process| own.contains(&process.id))
    };
    let cases = look.cases.iter().filter(is_own);
    let condemned = cases.map(|case| Condemned {
        id: case.id,
        warrant: Warrant::Ended,
        spare_flowing: false,
        messages: None,
    });
    let condemned: Vec<_> = condemned.collect();
    let extent = Extent { dry_run: false, kill: false, free: false };
    let done = reap::run(observer, look, &condemned, extent, COMMAND).await.map_err(told)?;
    console::say_in_passing(talk, Talk::Normal, &report::notes(&done));
    Ok(done.targets)
}

/// Tells who is in the way of whom would be launched next.
async fn verify(
    observer: &mut Observer,
    keys: BTreeSet<String>,
    talk: Talk,
) -> Result<Vec<Collision>, String> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let inventory = observer.inventory().await.map_err(told)?;
    let wanted = Wanted { keys: keys.into_iter().collect(), roots: Vec::new() };
    let holders = Holders::of(&inventory, FULL_ID);
    let collisions = collisions::with(&inventory, &wanted);
    for collision in &collisions {
        let note = format!("still not free: {}", holders.of_collision(collision));
        console::say_in_passing(talk, Talk::Normal, &note);
    }
    Ok(collisions)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
fn told(error: Error) -> String {
    error.to_string()
}
