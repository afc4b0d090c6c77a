//! `#[externalized(..)]` on a static.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, GenericArgument, Ident, LitInt, PathArguments, Token, Type, Visibility};

use crate::errors::Errors;
use crate::options::{self, Options, Place};

/// `pub static NAME: Type;`, with or without a value.
struct Static {
    attrs: Vec<Attribute>,
    vis: Visibility,
    mutable: Option<Token![mut]>,
    ident: Ident,
    ty: Type,
    value: Option<TokenStream>,
}

impl Parse for Static {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        input.parse::<Token![static]>()?;
        let mutable = input.parse()?;
        let ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let ty = input.parse()?;
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => {
                let mut value = TokenStream::new();
                while !input.peek(Token![;]) {
                    value.extend([input.parse::<TokenTree>()?]);
                }
                Some(value)
            }
            None => None,
        };
        input.parse::<Token![;]>()?;
        Ok(Self { attrs, vis, mutable, ident, ty, value })
    }
}

/// What the static becomes.
enum State {
    Map(Box<Type>, Box<Type>),
    Cell(Box<Type>),
    Counter(TokenStream),
}

/// What merely shares or locks what is inside.
const WRAPPERS: &[&str] = &["Arc", "Lazy", "LazyLock", "Mutex", "OnceCell", "OnceLock", "RefCell", "RwLock"];
const MAPS: &[&str] = &["AHashMap", "BTreeMap", "DashMap", "FxHashMap", "HashMap", "IndexMap"];
const SETS: &[&str] = &["AHashSet", "BTreeSet", "DashSet", "FxHashSet", "HashSet", "IndexSet"];

pub(crate) fn externalized(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let metas = options::metas(arguments, &mut errors);
    let arguments_read = errors.is_empty();
    let options = options::read(metas, options::OF_STATICS, &mut errors);
    let item: Static = match syn::parse2(item) {
        Ok(item) => item,
        Err(_) => {
            errors.push(syn::Error::new(
                Span::call_site(),
                "`externalized` stands on a static; on a struct use `#[derive(Externalize)]`",
            ));
            return errors.into_tokens();
        }
    };
    let state = state_of(&item.ty);
    let start = check(&item, &state, &options, arguments_read, &mut errors);
    if errors.is_empty() {
        return expand(&item, &state, &options, start);
    }
    // The accessor is there all the same, so that its uses cause no more errors.
    let fallback = options.key.is_some().then(|| expand(&item, &state, &options, start));
    let errors = errors.into_tokens();
    quote!(#errors #fallback)
}

/// Checks what the static's own tokens decide; answers where a counter starts.
fn check(item: &Static, state: &State, options: &Options, arguments_read: bool, errors: &mut Errors) -> i64 {
    if let Some(token) = &item.mutable {
        errors.at(token, "an accessor is not changed: drop `mut`");
    }
    match &options.key {
        None if arguments_read && errors.is_empty() => errors.push(syn::Error::new(
            Span::call_site(),
            "say where it is stored: `#[externalized(key = \"session:{}\")]`",
        )),
        None => {}
        Some(key) => match (state, key.placeholders.len()) {
            (State::Map(..), 1) | (State::Cell(_) | State::Counter(_), 0) => {}
            (State::Map(..), _) => errors
                .at(&key.literal, "the key of a map has one `{}`, for the map's key: \"session:{}\" say"),
            _ => errors.at(&key.literal, "this is one value, so its key has no `{}`"),
        },
    }
    if options.list && !matches!(state, State::Map(..)) {
        errors.push(syn::Error::new(Span::call_site(), "`list` is for maps"));
    }
    match &item.value {
        None => 0,
        Some(value) => initial(value, matches!(state, State::Counter(_)), errors),
    }
}

/// The number in an initial value; anything else in it would be lost.
fn initial(value: &TokenStream, counter: bool, errors: &mut Errors) -> i64 {
    const EMPTY: &[&str] = &[
        "Default",
        "None",
        "collections",
        "const_mutex",
        "const_new",
        "const_rwlock",
        "dashmap",
        "default",
        "new",
        "once_cell",
        "parking_lot",
        "std",
        "sync",
        "tokio",
        "unsync",
    ];
    let mut start = 0;
    let mut waiting: Vec<TokenTree> = value.clone().into_iter().collect();
    let mut negative = false;
    while !waiting.is_empty() {
        let token = waiting.remove(0);
        match &token {
            TokenTree::Group(group) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                waiting.splice(0..0, inside);
            }
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let known = [EMPTY, WRAPPERS, MAPS, SETS];
                let empty = known.iter().any(|names| names.contains(&name.as_str()));
                if !empty && !name.starts_with("Atomic") {
                    lost(ident, errors);
                    return 0;
                }
            }
            TokenTree::Punct(punct) => negative = punct.as_char() == '-',
            TokenTree::Literal(literal) => {
                let number = syn::parse2::<LitInt>(literal.to_token_stream())
                    .and_then(|number| number.base10_parse::<i64>());
                match number {
                    Ok(number) if counter => start = if negative { -number } else { number },
                    _ => {
                        lost(literal, errors);
                        return 0;
                    }
                }
            }
        }
    }
    start
}

fn lost(place: &impl ToTokens, errors: &mut Errors) {
    errors.push(syn::Error::new_spanned(
        place,
        "the initial value would be lost: leave it out, and fill the store at start-up",
    ));
}

fn state_of(ty: &Type) -> State {
    let Type::Path(path) = ty else {
        return State::Cell(Box::new(ty.clone()));
    };
    let Some(last) = path.path.segments.last() else {
        return State::Cell(Box::new(ty.clone()));
    };
    let name = last.ident.to_string();
    let arguments: Vec<&Type> = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    match (name.as_str(), arguments.as_slice()) {
        (name, [inner, ..]) if WRAPPERS.contains(&name) => state_of(inner),
        (name, [key, value, ..]) if MAPS.contains(&name) => {
            State::Map(Box::new((*key).clone()), Box::new((*value).clone()))
        }
        (name, [key, ..]) if SETS.contains(&name) => {
            State::Map(Box::new((*key).clone()), syn::parse_quote!(()))
        }
        ("Option", [inner]) => State::Cell(Box::new((*inner).clone())),
        ("AtomicBool", []) => State::Cell(syn::parse_quote!(bool)),
        ("AtomicUsize", []) => State::Counter(quote!(u64)),
        ("AtomicIsize", []) => State::Counter(quote!(i64)),
        (name, []) => match name.strip_prefix("Atomic") {
            Some(width @ ("I8" | "I16" | "I32" | "I64" | "U8" | "U16" | "U32" | "U64")) => {
                let number = Ident::new(&width.to_lowercase(), last.ident.span());
                State::Counter(quote!(#number))
            }
            _ => State::Cell(Box::new(ty.clone())),
        },
        _ => State::Cell(Box::new(ty.clone())),
    }
}

fn expand(item: &Static, state: &State, options: &Options, start: i64) -> TokenStream {
    let Static { attrs, vis, ident, ty: written, .. } = item;
    let store = &options.store;
    let (ty, arguments) = match state {
        State::Map(key, value) if options.list => {
            (quote!(#store::StateMap<#key, #value, #store::Listed>), quote!())
        }
        State::Map(key, value) => (quote!(#store::StateMap<#key, #value>), quote!()),
        State::Cell(value) => (quote!(#store::StateCell<#value>), quote!()),
        State::Counter(number) => {
            (quote!(#store::StateCounter<::core::primitive::#number>), quote!(, #start))
        }
    };
    let constructor = match state {
        State::Map(..) => quote!(StateMap),
        State::Cell(_) => quote!(StateCell),
        State::Counter(_) => quote!(StateCounter),
    };
    let listed = options.list;
    let place = Place {
        type_name: ident.to_string(),
        indexes: if listed { vec!["@all".to_owned()] } else { Vec::new() },
        counters: Vec::new(),
        keys: if listed { vec!["#key"] } else { Vec::new() },
    };
    let descriptor = options::descriptor(options, place);
    quote! {
        #(#attrs)*
        #vis static #ident: #ty = {
            static DESCRIPTOR: #store::Descriptor = #descriptor;
            #store::#constructor::global(&DESCRIPTOR #arguments)
        };
        // The type that was written is used, and so are its imports.
        const _: ::core::marker::PhantomData<#written> = ::core::marker::PhantomData;
    }
}
