//! The columns of the list. Pure.

use super::rows::Sort;

/// What is told of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Id,
    Age,
    Idle,
    Rate,
    State,
    Lasted,
    Change,
}

impl Column {
    pub(super) const ALL: [Self; 7] =
        [Self::Id, Self::Age, Self::Idle, Self::Rate, Self::State, Self::Lasted, Self::Change];

    /// Those that go where there is no room, the first first. The component keys are no column of these: they
    /// take what room is left.
    pub(super) const GO: [Self; 5] =
        [Self::Change, Self::Lasted, Self::Idle, Self::Rate, Self::Age];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::Age => "AGE",
            Self::Idle => "IDLE",
            Self::Rate => "MSG/S",
            Self::State => "STATE",
            Self::Lasted => "FOR",
            Self::Change => "CHANGE",
        }
    }

    /// Columns keep still while what stands in them changes.
    pub(super) const fn least(self) -> usize {
        match self {
            Self::Id => 8,
            Self::Age | Self::Idle | Self::Lasted => 7,
            Self::Rate => 5,
            Self::State => 6,
            Self::Change => 12,
        }
    }

    pub(super) const fn sorts(self) -> Option<Sort> {
        match self {
            Self::Age => Some(Sort::Age),
            Self::Idle => Some(Sort::Idle),
            Self::Rate => Some(Sort::Rate),
            Self::State => Some(Sort::State),
            Self::Id | Self::Lasted | Self::Change => None,
        }
    }
}
