//! graphctl as people install and script it, on real GraphServers.

#[path = "../lab/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part of the lab")]
mod lab;

#[path = "../it/dialogue.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod dialogue;

#[path = "../it/fake.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod fake;

#[path = "../made_up/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod made_up;

#[path = "../it/run.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod run;

#[path = "../it/screen.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod screen;

#[path = "../it/stage.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod stage;

mod action;
mod captures;
mod completions;
mod component_keys;
mod desk;
mod fixture;
mod github;
mod prometheus;
mod recipes;
mod runner;
mod schemas;
mod shells;
mod wheel;
mod workshop;
mod yaml;
