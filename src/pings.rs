//! Signs of life by the documented command alone, where the admin channel is switched off.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::address::Address;
use crate::error::Result;
use crate::inventory;
use crate::model::{Inventory, Ping};
use crate::wire::Session;

/// How many processes are asked at once: each question takes a session of its own.
const PARALLEL: usize = 8;

/// Who has not answered is asked again after this time, and then each time after twice as long: what it does
/// not read piles up, until the server waits for it with its command lock in hand.
const FIRST_PAUSE: Duration = Duration::from_secs(4);

/// Who did not answer when it was asked: how often in a row, and when it may be asked again.
#[derive(Debug, Default)]
pub struct Pings(HashMap<Uuid, (u32, Instant)>);

impl Pings {
    /// Asks every process that owns a unit and may be asked; each has so long to answer.
    ///
    /// The server answers the requests of one session one after the other, so there is one for each.
    ///
    /// # Errors
    /// The server did not answer.
    pub async fn ask(
        &mut self,
        inventory: &mut Inventory,
        address: &Address,
        timeout: Duration,
        patience: Duration,
    ) -> Result<()> {
        let present: HashSet<_> = inventory.processes.iter().map(|process| process.id).collect();
        self.0.retain(|id, _| present.contains(id));
        let mut questions = Vec::new();
        for (index, process) in inventory.processes.iter_mut().enumerate() {
            let Some(unit) = process.units.first() else { continue };
            if self.0.get(&process.id).is_some_and(|(_, next)| Instant::now() < *next) {
                process.ping = Ping::Silent;
            } else {
                questions.push((index, unit.clone()));
            }
        }
        let mut running = JoinSet::new();
        loop {
            while running.len() < PARALLEL
                && let Some((index, unit)) = questions.pop()
            {
                // One after the other: an interruption must wait for every session that is being opened.
                let session = Session::open(address, timeout).await?;
                running.spawn(async move { Ok((index, ping(session, &unit, patience).await?)) });
            }
            let Some(answer) = running.join_next().await else { return Ok(()) };
            let (index, ping) = match answer {
                Ok(answer) => answer?,
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            };
            let process = &mut inventory.processes[index];
            self.note(process.id, &ping);
            process.ping = ping;
        }
    }

    fn note(&mut self, process: Uuid, ping: &Ping) {
        if *ping != Ping::Silent {
            self.0.remove(&process);
            return;
        }
        let (times, next) = self.0.entry(process).or_insert((0, Instant::now()));
        *next = Instant::now() + FIRST_PAUSE.saturating_mul(1 << (*times).min(16));
        *times += 1;
    }
}

async fn ping(mut session: Session, unit: &str, patience: Duration) -> Result<Ping> {
    let sent = Instant::now();
    let answer = session.process_request(unit, "PING", patience).await?;
    Ok(inventory::ping_answer(answer, sent.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_asked_ever_more_rarely_until_it_does() {
        let (mut pings, id) = (Pings::default(), Uuid::from_u128(1));
        for pause in [4, 8, 16] {
            pings.note(id, &Ping::Silent);
            let left = pings.0[&id].1.duration_since(Instant::now());
            assert!(left <= Duration::from_secs(pause) && left > Duration::from_secs(pause / 2));
        }
        pings.note(id, &Ping::Answered(None));
        assert!(pings.0.is_empty());
    }
}
