//! What the macros' expansions call. Nobody else should.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::key::KeyPart;
use crate::loaded::Loaded;
use crate::record::{self, Externalize};
use crate::store::Store;

/// The future of a bulk load.
pub type Many<T> = Pin<Box<dyn Future<Output = Result<Vec<Option<Loaded<T>>>, Error>> + Send>>;

/// A constant text.
pub const fn text(text: &'static str) -> Cow<'static, str> {
    Cow::Borrowed(text)
}

/// Compiles only for types that a field can have.
pub const fn can_be_stored<T: Serialize + DeserializeOwned>() {}

/// Loads many records.
pub fn load_many<T: Externalize>(
    store: &Store,
    keys: impl IntoIterator<Item: IntoIterator<Item = Result<KeyPart, String>>>,
) -> Many<T> {
    let keys = record::keys_of(store, T::DESCRIPTOR, keys);
    let store = store.clone();
    Box::pin(async move { record::load_many(&store, keys).await })
}
