//! `#[derive(Externalize)]`.

mod expand;
mod input;

use proc_macro2::TokenStream;

use crate::errors::Errors;

pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let input = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let record = input::read(&input, &mut errors);
    match record {
        Some(record) if errors.is_empty() => expand::expand(&record),
        _ => errors.into_tokens(),
    }
}

#[cfg(test)]
mod tests;
