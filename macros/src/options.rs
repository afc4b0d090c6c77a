//! Reads what stands in the parentheses of `externalize` and `externalized`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Ident, Lit, LitInt, LitStr, Meta, Path, Token};

use crate::errors::Errors;
use crate::template::{self, Template};
use crate::{lifetime, suggest};

/// The options of a type or static, as far as they could be read.
pub(crate) struct Options {
    pub(crate) key: Option<Template>,
    pub(crate) ttl: Option<u64>,
    pub(crate) touch: Touch,
    pub(crate) schema: u32,
    pub(crate) migrations: Vec<Path>,
    pub(crate) miss: bool,
    pub(crate) list: bool,
    pub(crate) accessor: Option<Ident>,
    /// Where `stateless_store` is.
    pub(crate) store: TokenStream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    Never,
    Write,
    Read,
}

impl ToTokens for Touch {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Never => quote!(Never),
            Self::Write => quote!(Write),
            Self::Read => quote!(Read),
        });
    }
}

/// The options that a struct can have.
pub(crate) const OF_TYPES: &[&str] =
    &["key", "ttl", "touch", "schema", "migrate", "undecodable", "list", "accessor", "crate"];
/// The options that a static can have.
pub(crate) const OF_STATICS: &[&str] =
    &["key", "ttl", "touch", "schema", "migrate", "undecodable", "list", "crate"];

/// `1 = from_first`: a migration from schema 1.
struct Step {
    from: LitInt,
    function: Path,
}

impl Parse for Step {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let from = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self { from, function: input.parse()? })
    }
}

/// The options in some attributes' arguments.
pub(crate) fn read(metas: Vec<Meta>, known: &[&str], errors: &mut Errors) -> Options {
    let mut options = Options {
        key: None,
        ttl: None,
        touch: Touch::Never,
        schema: 1,
        migrations: Vec::new(),
        miss: false,
        list: false,
        accessor: None,
        store: quote!(::stateless_store),
    };
    let mut steps: Vec<Step> = Vec::new();
    let mut schema_at = None;
    let mut touch_at = None;
    let mut seen: Vec<String> = Vec::new();
    for meta in &metas {
        let name = meta.path().get_ident().map(Ident::to_string).unwrap_or_default();
        if !known.contains(&name.as_str()) {
            let shown = meta.path().to_token_stream().to_string();
            errors.at(meta.path(), suggest::unknown("option", &shown, known));
            continue;
        }
        if seen.contains(&name) {
            errors.at(meta.path(), format_args!("`{name}` is given twice"));
            continue;
        }
        match name.as_str() {
            "key" => {
                options.key = errors
                    .keep(text(meta, "\"cart:{user}\""))
                    .and_then(|literal| errors.keep(template::parse(&literal)));
            }
            "ttl" => {
                options.ttl = errors
                    .keep(text(meta, "\"30m\""))
                    .and_then(|literal| errors.keep(lifetime::milliseconds(&literal)));
            }
            "touch" => {
                touch_at = Some(meta);
                if let Some(literal) = errors.keep(text(meta, "\"read\"")) {
                    match literal.value().as_str() {
                        "never" => options.touch = Touch::Never,
                        "write" => options.touch = Touch::Write,
                        "read" => options.touch = Touch::Read,
                        other => {
                            errors.at(&literal, suggest::unknown("value", other, &["never", "write", "read"]))
                        }
                    }
                }
            }
            "schema" => {
                schema_at = Some(meta);
                if let Some(number) = errors.keep(number(meta)) {
                    options.schema = number;
                }
            }
            "migrate" => {
                if let Some(list) = errors.keep(list_of(meta, "(1 = function, ..)")) {
                    steps = list;
                }
            }
            "undecodable" => {
                if let Some(literal) = errors.keep(text(meta, "\"miss\"")) {
                    match literal.value().as_str() {
                        "error" => {}
                        "miss" => options.miss = true,
                        other => errors.at(&literal, suggest::unknown("value", other, &["error", "miss"])),
                    }
                }
            }
            "list" => match meta {
                Meta::Path(_) => options.list = true,
                _ => errors.at(meta, "`list` stands alone"),
            },
            "accessor" => {
                options.accessor =
                    errors.keep(text(meta, "\"CartAt\"")).and_then(|literal| errors.keep(literal.parse()));
            }
            _ => {
                let path = errors
                    .keep(text(meta, "\"path::to::stateless_store\""))
                    .and_then(|literal| errors.keep(literal.parse::<Path>()));
                if let Some(path) = path {
                    options.store = path.into_token_stream();
                }
            }
        }
        seen.push(name);
    }
    if let Some(meta) = touch_at
        && !seen.iter().any(|name| name == "ttl")
    {
        errors.at(meta, "`touch` says what renews a lifetime: give a `ttl` too");
    }
    let schema_at = schema_at.map_or_else(Span::call_site, syn::spanned::Spanned::span);
    options.migrations = order(steps, options.schema, schema_at, errors);
    options
}

/// The migrations in order, one from each older schema.
fn order(steps: Vec<Step>, schema: u32, schema_at: Span, errors: &mut Errors) -> Vec<Path> {
    let mut found: Vec<(u32, Path)> = Vec::new();
    for step in steps {
        match step.from.base10_parse::<u32>() {
            Ok(from) if from >= 1 && from < schema => {
                if found.iter().any(|(other, _)| *other == from) {
                    errors.at(&step.from, "a second migration from this schema");
                }
                found.push((from, step.function));
            }
            _ => errors.at(
                &step.from,
                format_args!("a migration leads from an older schema: from 1 to {}", schema - 1),
            ),
        }
    }
    found.sort_by_key(|(from, _)| *from);
    let missing: Vec<String> = (1..schema.min(1000))
        .filter(|from| !found.iter().any(|(other, _)| other == from))
        .map(|from| format!("{from} = ..."))
        .collect();
    if !missing.is_empty() {
        errors.push(syn::Error::new(
            schema_at,
            format!(
                "records of older schemas may still be stored: add `migrate({})`, \
                 each a `fn(&mut Draft) -> Result<(), MigrationError>`",
                missing.join(", ")
            ),
        ));
    }
    found.into_iter().map(|(_, function)| function).collect()
}

/// The arguments of an attribute as metas; what cannot be read is an error.
pub(crate) fn metas(tokens: TokenStream, errors: &mut Errors) -> Vec<Meta> {
    use syn::parse::Parser;
    errors
        .keep(Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens))
        .map(|metas| metas.into_iter().collect())
        .unwrap_or_default()
}

/// The text of `name = "text"`.
pub(crate) fn text(meta: &Meta, example: &str) -> syn::Result<LitStr> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
    {
        return Ok(text.clone());
    }
    let name = meta.path().to_token_stream();
    Err(syn::Error::new_spanned(meta, format!("write `{name} = {example}`")))
}

fn number(meta: &Meta) -> syn::Result<u32> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = &pair.value
        && let Ok(number) = number.base10_parse::<u32>()
        && number >= 1
    {
        return Ok(number);
    }
    Err(syn::Error::new_spanned(meta, "write `schema = 2`, counting from 1"))
}

fn list_of<T: Parse>(meta: &Meta, example: &str) -> syn::Result<Vec<T>> {
    let Meta::List(list) = meta else {
        let name = meta.path().to_token_stream();
        return Err(syn::Error::new_spanned(meta, format!("write `{name}{example}`")));
    };
    let parsed = list.parse_args_with(Punctuated::<T, Token![,]>::parse_terminated)?;
    Ok(parsed.into_iter().collect())
}

/// What an expansion says about a place in the store.
pub(crate) struct Place<'a> {
    pub(crate) type_name: String,
    pub(crate) indexes: Vec<String>,
    /// Stored name and type.
    pub(crate) counters: Vec<(&'a str, &'a syn::Type)>,
    pub(crate) keys: Vec<&'a str>,
}

/// The `Descriptor` of a place, written out.
pub(crate) fn descriptor(options: &Options, place: Place<'_>) -> TokenStream {
    let Options { store, touch, schema, migrations, .. } = options;
    let template = options.key.as_ref().map(|key| &key.literal);
    let Place { type_name, indexes, counters, keys } = place;
    let ttl = match options.ttl {
        Some(millis) => quote!(::core::option::Option::Some(
            ::core::time::Duration::from_millis(#millis)
        )),
        None => quote!(::core::option::Option::None),
    };
    let undecodable = if options.miss { quote!(Miss) } else { quote!(Error) };
    let counters = counters.iter().map(|(name, number)| {
        quote!(#store::CounterField {
            name: #name,
            min: <#number as #store::Count>::MIN,
            max: <#number as #store::Count>::MAX,
        })
    });
    quote! {
        #store::Descriptor {
            type_name: #store::__private::text(#type_name),
            space: #store::backend::Space {
                template: #store::__private::text(#template),
                indexes: &[#(#indexes),*],
            },
            ttl: #ttl,
            touch: #store::Touch::#touch,
            schema: #schema,
            migrations: &[#(#migrations),*],
            undecodable: #store::Undecodable::#undecodable,
            counters: &[#(#counters),*],
            keys: &[#(#keys),*],
        }
    }
}
