//! graphctl against real GraphServers, real pipelines, and a scripted server for what those never do.

#[path = "../lab/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part of the lab")]
mod lab;

mod audit;
mod bad_input;
mod clock;
mod consent;
mod dialogue;
mod dropping;
mod end_state;
mod environment;
mod fake;
mod guard;
mod guard_json;
mod guard_pipelines;
mod half_open;
mod healthy;
mod hostile;
mod interrupting;
mod killing;
mod lab_scenes;
mod law;
mod listing;
mod live_view;
mod locks;
mod lying_server;
mod matrix;
mod pings;
mod places;
mod progress;
mod protocol_errors;
mod remaining;
mod run;
mod safety;
#[allow(dead_code, reason = "each test uses its own part")]
mod screen;
mod stage;
mod starts;
mod strict;
mod terminals;
mod tunnel;
mod viewer;
mod waiting;
mod watching;
mod wiretap;
