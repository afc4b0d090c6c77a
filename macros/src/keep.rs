//! `#[keep_in_process(reason = "..")]`: a note for readers and for `cargo stateless check`.

use proc_macro2::{Span, TokenStream};
use syn::Item;

use crate::errors::Errors;
use crate::options::{metas, text};
use crate::suggest;

pub(crate) fn keep_in_process(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    check(arguments, item.clone(), &mut errors);
    // The item stays as it is, so that a mistake here causes no others.
    let mut out = item;
    out.extend(errors.into_tokens());
    out
}

fn check(arguments: TokenStream, item: TokenStream, errors: &mut Errors) {
    let mut reasons = 0;
    let before = errors.is_empty();
    for meta in metas(arguments, errors) {
        if !meta.path().is_ident("reason") {
            let name = quote::ToTokens::to_token_stream(meta.path()).to_string();
            errors.at(&meta, suggest::unknown("option", &name, &["reason"]));
            continue;
        }
        reasons += 1;
        if let Some(reason) = errors.keep(text(&meta, "\"why\""))
            && reason.value().trim().is_empty()
        {
            errors.at(&reason, "say why it may stay");
        }
    }
    if reasons == 0 && before && errors.is_empty() {
        errors.push(syn::Error::new(
            Span::call_site(),
            "say why it may stay: `#[keep_in_process(reason = \"..\")]`",
        ));
    }
    match syn::parse2::<Item>(item) {
        Ok(Item::Static(_) | Item::Struct(_) | Item::Enum(_) | Item::Union(_) | Item::Type(_)) => {}
        // A static inside `thread_local!` or the like is a macro call: nothing to check.
        Ok(Item::Macro(_)) => {}
        _ => {
            errors.push(syn::Error::new(Span::call_site(), "`keep_in_process` stands on a static or a type"))
        }
    }
}
