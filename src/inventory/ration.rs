//! How much is made of one pickle. A pickle may name the same value again and again in two bytes each, so what
//! is made of a short one has no bounds of its own.

use std::cell::Cell;

use crate::wire::pickle::Item;

/// What an element counts for beside its text, in bytes: about what is made of one.
const ELEMENT: usize = 64;

/// All that may be made of a snapshot, in bytes: a value counts each time it is named. The largest that is read
/// names 140,000 components, which take a third of this.
const WHOLE: usize = 256 << 20;

/// What is left of that. Who finds nothing left finds nothing in the pickle either.
pub(super) struct Ration(Cell<usize>);

impl Ration {
    pub(super) const fn whole() -> Self {
        Self(Cell::new(WHOLE))
    }

    /// Whether more was asked for than there was.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    fn take(&self, bytes: usize) -> bool {
        self.0.set(self.0.get().saturating_sub(bytes));
        !self.is_spent()
    }

    pub(super) fn elements<'a>(&self, item: Item<'a>) -> Option<impl Iterator<Item = Item<'a>>> {
        Some(item.elements()?.take_while(|_| self.take(ELEMENT)))
    }

    pub(super) fn entries<'a>(
        &self,
        item: Item<'a>,
    ) -> Option<impl Iterator<Item = (Item<'a>, Item<'a>)>> {
        Some(item.entries()?.take_while(|_| self.take(ELEMENT)))
    }

    pub(super) fn text<'a>(&self, item: Item<'a>) -> Option<&'a str> {
        item.as_str().filter(|text| self.take(text.len()))
    }

    pub(super) fn class_name<'a>(&self, item: Item<'a>) -> Option<&'a str> {
        let (module, name) = item.class()?;
        self.take(module.len() + name.len()).then_some(name)
    }
}
