//! What takes the place of shared state: `StateMap` of a locked map, `StateCell` of a locked
//! value, `StateCounter` of an atomic.
//!
//! As a static they use the store that was installed, as a field the one that they were made
//! with. There is no blocking access: [`Blocking`] exists to say what to call instead.

mod blocking;
mod cell;
mod map;

pub use blocking::Blocking;
pub use cell::{StateCell, StateCounter};
pub use map::{Entries, Listed, StateMap, Unlisted};

use std::sync::Arc;
use std::time::Duration;

use crate::descriptor::{Descriptor, Held, Touch};
use crate::error::Error;
use crate::global;
use crate::store::Store;

/// Where state lives, and for how long: what the fields of an accessor share.
#[derive(Clone, Debug)]
struct Place {
    /// `None` is the installed store.
    store: Option<Store>,
    descriptor: Held,
}

impl Place {
    const fn global(descriptor: &'static Descriptor) -> Self {
        Self { store: None, descriptor: Held::Static(descriptor) }
    }

    fn store(&self) -> Result<Store, Error> {
        match &self.store {
            Some(store) => Ok(store.clone()),
            None => global::current(self.descriptor.space.prefix()),
        }
    }

    fn new(store: &Store, template: String, indexes: &'static [&'static str]) -> Self {
        let mut descriptor = Descriptor::new("");
        descriptor.space.template = template.into();
        descriptor.space.indexes = indexes;
        Self { store: Some(store.clone()), descriptor: Held::Shared(Arc::new(descriptor)) }
    }

    fn change(&mut self, change: impl FnOnce(&mut Descriptor)) {
        let mut descriptor = Descriptor::clone(&self.descriptor);
        change(&mut descriptor);
        self.descriptor = Held::Shared(Arc::new(descriptor));
    }

    fn ttl(&mut self, ttl: Duration, touch: Touch) {
        self.change(|descriptor| {
            descriptor.ttl = Some(ttl);
            descriptor.touch = touch;
        });
    }
}
