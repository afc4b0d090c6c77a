//! What `#[derive(Externalize)]` writes: the descriptor, and thin typed methods.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::input::{Kind, Record, StoredField};
use crate::options::{self, Place};

pub(super) fn expand(record: &Record) -> TokenStream {
    let Record { ident, options, fields, .. } = record;
    let store = &options.store;
    let descriptor = options::descriptor(options, place(record));
    let checks = fields.iter().filter(|field| field.kind != Kind::Counter).map(|field| {
        let ty = &field.ty;
        quote_spanned!(ty.span()=> #store::__private::can_be_stored::<#ty>();)
    });
    let accessor = accessor(record);
    let constructors = constructors(record);
    quote! {
        #[automatically_derived]
        impl #store::Externalize for #ident {
            const DESCRIPTOR: &'static #store::Descriptor = &#descriptor;
        }
        #accessor
        #constructors
        const _: fn() = || {
            #(#checks)*
        };
    }
}

fn place(record: &Record) -> Place<'_> {
    let Record { ident, options, fields, keys, .. } = record;
    let mut indexes: Vec<String> =
        fields.iter().filter(|field| field.index).map(|field| field.stored.clone()).collect();
    if options.list {
        indexes.push("@all".to_owned());
    }
    Place {
        type_name: ident.to_string(),
        indexes,
        counters: fields
            .iter()
            .filter(|field| field.kind == Kind::Counter)
            .map(|field| (field.stored.as_str(), &field.ty))
            .collect(),
        keys: keys.iter().map(|at| fields[*at].stored.as_str()).collect(),
    }
}

/// The newtype around `At`, with a method for each counter and field.
fn accessor(record: &Record) -> TokenStream {
    let Record { ident, vis, accessor, options, fields, .. } = record;
    let store = &options.store;
    let doc = format!("The accessor of one [`{ident}`] in the store.");
    let methods = fields.iter().filter_map(|field| method(record, field));
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #accessor(#store::At<#ident>);

        #[automatically_derived]
        impl ::core::ops::Deref for #accessor {
            type Target = #store::At<#ident>;
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        #[automatically_derived]
        #[allow(dead_code)]
        impl #accessor {
            #(#methods)*
        }
    }
}

fn method(record: &Record, field: &StoredField) -> Option<TokenStream> {
    let store = &record.options.store;
    let record_ident = &record.ident;
    let StoredField { ident, vis, ty, stored, kind, .. } = field;
    match kind {
        Kind::Counter => {
            let doc = format!("The counter `{stored}`.");
            Some(quote! {
                #[doc = #doc]
                #vis fn #ident(&self) -> #store::Counter<#record_ident, #ty> {
                    #store::Counter::new(::core::clone::Clone::clone(&self.0), #stored)
                }
            })
        }
        Kind::Plain if field.settable => {
            let setter = format_ident!("set_{}", ident);
            let doc = format!("Writes the field `{stored}` of an existing record, and nothing else.");
            Some(quote! {
                #[doc = #doc]
                #vis async fn #setter(
                    &self,
                    value: #ty,
                ) -> ::core::result::Result<(), #store::Error> {
                    self.0.set_field(#stored, &value).await
                }
            })
        }
        Kind::Plain | Kind::Key => None,
    }
}

/// The functions on the type itself: `at`, `load_many`, `by_..`, `all`.
fn constructors(record: &Record) -> TokenStream {
    let Record { ident, vis, accessor, options, fields, keys, .. } = record;
    let store = &options.store;
    let descriptor = quote!(<#ident as #store::Externalize>::DESCRIPTOR);
    let key_fields: Vec<&StoredField> = keys.iter().map(|at| &fields[*at]).collect();
    let names: Vec<&Ident> = key_fields.iter().map(|field| &field.ident).collect();
    let types: Vec<TokenStream> = key_fields.iter().map(|field| borrowed(&field.ty)).collect();
    let clash = names.iter().any(|name| *name == "store");
    let from = if clash { format_ident!("from_store") } else { format_ident!("store") };

    let load_many = match (names.as_slice(), types.as_slice()) {
        ([], _) => TokenStream::new(),
        ([name], [ty]) => load_many(record, &from, quote!(&'k #ty), quote!(#name)),
        _ => load_many(record, &from, quote!((#(&'k #types),*)), quote!((#(#names),*))),
    };
    let lists = fields.iter().filter(|field| field.index).map(|field| {
        let StoredField { ident: name, vis, ty, stored, .. } = field;
        let by = format_ident!("by_{}", name);
        let ty = borrowed(ty);
        let doc = format!("The records whose `{stored}` is this.");
        quote! {
            #[doc = #doc]
            #vis fn #by(#from: &#store::Store, value: &#ty) -> #store::List<#ident> {
                #store::List::by(#from, #descriptor, #stored, value)
            }
        }
    });
    let all = options.list.then(|| {
        quote! {
            /// All records.
            #vis fn all(#from: &#store::Store) -> #store::List<#ident> {
                #store::List::all(#from, #descriptor)
            }
        }
    });
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #ident {
            /// The accessor of the record with this key.
            #vis fn at(#from: &#store::Store #(, #names: &#types)*) -> #accessor {
                #accessor(#store::At::new(
                    #from,
                    #descriptor,
                    [#(#store::KeyPart::new(#names)),*],
                ))
            }
            #load_many
            #(#lists)*
            #all
        }
    }
}

fn load_many(record: &Record, from: &Ident, item: TokenStream, pattern: TokenStream) -> TokenStream {
    let Record { ident, vis, options, fields, keys, .. } = record;
    let store = &options.store;
    let names = keys.iter().map(|at| &fields[*at].ident);
    quote! {
        /// Loads many records, in the order of the keys.
        #vis fn load_many<'k>(
            #from: &#store::Store,
            keys: impl ::core::iter::IntoIterator<Item = #item>,
        ) -> #store::__private::Many<#ident> {
            let keys = ::core::iter::Iterator::map(
                ::core::iter::IntoIterator::into_iter(keys),
                |#pattern| [#(#store::KeyPart::new(#names)),*],
            );
            #store::__private::load_many(#from, keys)
        }
    }
}

/// What a borrowed value of a type is passed as: `str` for `String`.
fn borrowed(ty: &Type) -> TokenStream {
    match ty {
        Type::Path(path) if path.qself.is_none() && path.path.is_ident("String") => {
            quote!(::core::primitive::str)
        }
        _ => ty.to_token_stream(),
    }
}
