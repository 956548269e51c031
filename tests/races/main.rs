//! Races and interruptions on real servers: what comes between graphctl and its doing.

#[path = "../lab/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part of the lab")]
mod lab;

#[path = "../it/fake.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod fake;

#[path = "../it/run.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod run;

#[path = "../it/stage.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod stage;

mod between;
mod chance;
mod crowds;
mod gate;
mod killed;
mod random;
mod stricken;
mod together;
mod turn;
