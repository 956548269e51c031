//! graphctl as people install and script it, on real GraphServers.

mod github;
mod prometheus;

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

#[path = "../it/screen.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod screen;

mod captures;
#[path = "../made_up/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod made_up;

mod schemas;
