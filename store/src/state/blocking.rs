//! The methods that callers of a former lock still write.
//!
//! They exist so that the compiler can name the accessor to use instead; none can be called.

use super::{Listed, StateCell, StateCounter, StateMap, Unlisted};

/// Nothing has it: state outside the process cannot be locked.
#[diagnostic::on_unimplemented(
    message = "state outside the process has no lock: call the accessor instead",
    label = "replace this call",
    note = "of a `StateMap`: `.get(&key).await?`, `.insert(&key, &value).await?`, `.remove(&key).await?`, `.contains(&key).await?`, `.update(&key, |value| ..).await?`",
    note = "of a `StateCell`: `.get().await?`, `.set(&value).await?`, `.update(|value| ..).await?`; of a `StateCounter`: `.get().await?`, `.add(1).await?`"
)]
pub trait Blocking {}

macro_rules! no_lock {
    ([$($generics:tt)*] $type:ty; $($method:ident($($argument:ident),*))*) => {
        impl<$($generics)*> $type {
            $(
                #[doc(hidden)]
                pub fn $method<$($argument),*>(&self, $(_: $argument),*)
                where
                    Self: Blocking,
                {
                }
            )*
        }
    };
}

no_lock! { [K, V] StateMap<K, V, Unlisted>; lock() read() write() try_lock() iter() len() keys() values() retain(F) clear() }
no_lock! { [K, V] StateMap<K, V, Listed>; lock() read() write() try_lock() iter() keys() values() retain(F) clear() }
no_lock! { [V] StateCell<V>; lock() read() write() try_lock() }
no_lock! { [N] StateCounter<N>; load(O) store(V, O) fetch_add(V, O) fetch_sub(V, O) }
