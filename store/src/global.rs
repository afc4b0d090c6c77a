//! The store that externalised statics use: installed once, or set for a task.

use std::future::Future;
use std::sync::OnceLock;

use crate::error::{Error, ErrorKind};
use crate::store::Store;

static INSTALLED: OnceLock<Store> = OnceLock::new();

tokio::task_local! {
    static SCOPED: Store;
}

/// The store for an externalised static, as this task sees it.
pub(crate) fn current(accessor: &str) -> Result<Store, Error> {
    if let Ok(store) = SCOPED.try_with(Clone::clone) {
        return Ok(store);
    }
    INSTALLED.get().cloned().ok_or_else(|| Error::new("use", accessor.to_owned(), ErrorKind::NotInstalled))
}

impl Store {
    /// Makes this the store of all externalised statics of the process. Call it once, at
    /// start-up, before the first request.
    pub fn install(self) -> Result<(), Error> {
        INSTALLED.set(self).map_err(|_| Error::new("install", "store", ErrorKind::AlreadyInstalled))
    }

    /// Runs a future in which externalised statics use this store: for tests, each of which
    /// wants a store of its own. Tasks that the future spawns are outside.
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        SCOPED.scope(self.clone(), future).await
    }
}
