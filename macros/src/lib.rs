//! The macros of `stateless-store`, which re-exports them: depend on that.
//!
//! Each macro reads its attribute, checks it, and expands; all errors are reported at once, on
//! the tokens that they are about. Whatever is generic lives in `stateless-store`.

mod errors;
mod keep;
mod lifetime;
mod options;
mod record;
mod serde_attr;
mod statics;
mod suggest;
mod template;

use proc_macro::TokenStream;

/// Makes a struct's values records in a store, each under a key of its own.
///
/// Every attribute is described, with examples that are compiled, in the book's chapter
/// Externalize.
#[proc_macro_derive(Externalize, attributes(externalize))]
pub fn derive_externalize(input: TokenStream) -> TokenStream {
    record::derive(input.into()).into()
}

/// Turns a static map, value or number into an accessor of state outside the process.
///
/// `static SESSIONS: Mutex<HashMap<SessionId, Session>>` becomes a `StateMap<SessionId, Session>`
/// in the store that was installed at start-up.
#[proc_macro_attribute]
pub fn externalized(arguments: TokenStream, item: TokenStream) -> TokenStream {
    statics::externalized(arguments.into(), item.into()).into()
}

/// Says that a static or a type stays in the process on purpose, and why.
///
/// Changes nothing about it. `cargo stateless check` reads it as a suppression.
#[proc_macro_attribute]
pub fn keep_in_process(arguments: TokenStream, item: TokenStream) -> TokenStream {
    keep::keep_in_process(arguments.into(), item.into()).into()
}
