//! In which form and order something is told.

use clap::ValueEnum;

/// Formats for many sessions or targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// For people with wide terminals: every column, nothing cut
    Wide,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// One id a line; of a drop, the ids that went
    Name,
}

/// Formats for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// For people
    Table,
    /// One JSON document
    Json,
}

/// Formats for what goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stream {
    /// For people
    Table,
    /// One JSON object a line
    Jsonl,
}

/// What to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Oldest first
    Age,
    /// Longest without activity first
    Idle,
    /// By state, stale first
    State,
    /// By the first component key
    Component,
}
