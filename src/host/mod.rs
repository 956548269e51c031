//! What this machine knows of the processes at the other end: the only room that reads `/proc`.
//!
//! What cannot be seen is not there to be named, and never means that nobody is there.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub use linux::listeners;

/// On other systems, nobody can be named.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn listeners(_port: u16) -> Vec<String> {
    Vec::new()
}
