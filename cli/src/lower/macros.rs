//! Macro calls, which arrive unexpanded.
//!
//! Items: `lazy_static!`, `thread_local!`, `cfg_if!` and any macro whose tokens read
//! as items. Expressions: whatever can be made out as expressions, so that an access
//! inside `json!`, `vec!`, `html!` or `select!` is not lost. No macro is expanded.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;

/// `static ref NAME: TYPE = EXPR;` and `static NAME: TYPE = EXPR;`
pub(super) struct MacroStatic {
    pub(super) attrs: Vec<syn::Attribute>,
    pub(super) name: syn::Ident,
    pub(super) ty: syn::Type,
    pub(super) init: syn::Expr,
}

impl Parse for MacroStatic {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(syn::Attribute::parse_outer)?;
        input.parse::<syn::Visibility>()?;
        input.parse::<syn::Token![static]>()?;
        input.parse::<Option<syn::Token![ref]>>()?;
        input.parse::<Option<syn::Token![mut]>>()?;
        let name = input.parse()?;
        input.parse::<syn::Token![:]>()?;
        let ty = input.parse()?;
        input.parse::<syn::Token![=]>()?;
        // `thread_local! { static X: T = const { .. } }` parses as a const block.
        let init = input.parse()?;
        input.parse::<Option<syn::Token![;]>>()?;
        Ok(MacroStatic { attrs, name, ty, init })
    }
}

/// The statics of a `lazy_static!` or `thread_local!` body.
pub(super) fn statics(tokens: TokenStream) -> Vec<MacroStatic> {
    let list = |input: ParseStream| {
        let mut out = Vec::new();
        while !input.is_empty() {
            out.push(input.parse::<MacroStatic>()?);
        }
        Ok(out)
    };
    list.parse2(tokens).unwrap_or_default()
}

/// Items inside an item macro: its tokens as a file, or each braced part as a file
/// (`cfg_if! { if #[cfg(..)] { items } else { items } }`).
pub(super) fn items(tokens: TokenStream) -> Vec<syn::Item> {
    if let Ok(file) = syn::parse2::<syn::File>(tokens.clone()) {
        return file.items;
    }
    let braced = tokens.into_iter().filter_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    });
    braced.filter_map(|inner| syn::parse2::<syn::File>(inner).ok()).flat_map(|file| file.items).collect()
}

/// What an expression macro's tokens were understood as.
pub(super) enum Parts {
    /// Expressions in order.
    Exprs(Vec<syn::Expr>),
    /// Statements, as in a block.
    Block(Vec<syn::Stmt>),
    /// `pattern = future => body` arms.
    Select(Vec<SelectArm>),
}

/// An arm of `tokio::select!` (`else` and `complete` arms have no pattern).
pub(super) struct SelectArm {
    pub(super) pat: Option<syn::Pat>,
    pub(super) future: Option<syn::Expr>,
    /// `, if guard`
    pub(super) guard: Option<syn::Expr>,
    pub(super) body: syn::Expr,
}

pub(super) fn exprs(name: &str, tokens: TokenStream) -> Parts {
    if matches!(name, "select" | "select_biased" | "select_loop")
        && let Ok(arms) = select_arms.parse2(tokens.clone())
    {
        return Parts::Select(arms);
    }
    let listed = Punctuated::<MacroArg, syn::Token![,]>::parse_terminated;
    if let Ok(list) = listed.parse2(tokens.clone()) {
        return Parts::Exprs(list.into_iter().map(|arg| arg.0).collect());
    }
    if let Ok(block) = syn::Block::parse_within.parse2(tokens.clone()) {
        return Parts::Block(block);
    }
    let mut out = Vec::new();
    pieces(tokens, &mut out);
    Parts::Exprs(out)
}

/// An argument, a leading `name =` or `%`/`?` sigil (format and log macros) dropped.
struct MacroArg(syn::Expr);

impl Parse for MacroArg {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(syn::Ident) && input.peek2(syn::Token![=]) && !input.peek2(syn::Token![==]) {
            input.parse::<syn::Ident>()?;
            input.parse::<syn::Token![=]>()?;
        }
        input.parse::<Option<syn::Token![%]>>()?;
        input.parse::<Option<syn::Token![?]>>()?;
        input.parse().map(MacroArg)
    }
}

fn select_arms(input: ParseStream) -> syn::Result<Vec<SelectArm>> {
    let mut arms = Vec::new();
    if input.peek(syn::Ident) && input.peek2(syn::Token![;]) {
        input.parse::<syn::Ident>()?; // `biased;`
        input.parse::<syn::Token![;]>()?;
    }
    while !input.is_empty() {
        let bare = input.peek2(syn::Token![=>]);
        let mut guard = None;
        let (pat, future) = if bare {
            input.call(syn::Ident::parse_any_word)?;
            (None, None)
        } else {
            let pat = input.call(syn::Pat::parse_multi_with_leading_vert)?;
            input.parse::<syn::Token![=]>()?;
            let future: syn::Expr = input.parse()?;
            if input.peek(syn::Token![,]) && input.peek2(syn::Token![if]) {
                input.parse::<syn::Token![,]>()?;
                input.parse::<syn::Token![if]>()?;
                guard = Some(input.parse::<syn::Expr>()?);
            }
            (Some(pat), Some(future))
        };
        input.parse::<syn::Token![=>]>()?;
        let block = input.peek(syn::token::Brace);
        let body = if block { syn::Expr::Block(input.parse()?) } else { input.parse()? };
        arms.push(SelectArm { pat, future, guard, body });
        input.parse::<Option<syn::Token![,]>>()?;
    }
    Ok(arms)
}

trait AnyWord {
    fn parse_any_word(input: ParseStream) -> syn::Result<syn::Ident>;
}

impl AnyWord for syn::Ident {
    /// `else` is a keyword and no identifier to the parser.
    fn parse_any_word(input: ParseStream) -> syn::Result<syn::Ident> {
        use syn::ext::IdentExt;
        input.call(syn::Ident::parse_any)
    }
}

/// Last resort: cuts the tokens at separators and keeps the pieces that read as
/// expressions, looking inside groups where a piece does not.
fn pieces(tokens: TokenStream, out: &mut Vec<syn::Expr>) {
    let mut piece: Vec<TokenTree> = Vec::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let cut = match &tree {
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' | ';' => true,
                '=' => {
                    matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '>')
                }
                ':' => {
                    let double =
                        matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                    let second =
                        matches!(piece.last(), Some(TokenTree::Punct(last)) if last.as_char() == ':');
                    !double && !second
                }
                _ => false,
            },
            _ => false,
        };
        if !cut {
            piece.push(tree);
            continue;
        }
        if matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '=') {
            trees.next();
        }
        piece_done(std::mem::take(&mut piece), out);
    }
    piece_done(piece, out);
}

fn piece_done(piece: Vec<TokenTree>, out: &mut Vec<syn::Expr>) {
    if piece.is_empty() {
        return;
    }
    if let Ok(expr) = syn::parse2::<syn::Expr>(piece.iter().cloned().collect()) {
        out.push(expr);
        return;
    }
    for tree in piece {
        if let TokenTree::Group(group) = tree {
            pieces(group.stream(), out);
        }
    }
}

/// Names captured inline in a format string: `{name}`, `{name:?}`.
pub(super) fn captured(format: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        if let Some(escaped) = rest.strip_prefix('{') {
            rest = escaped;
            continue;
        }
        let end = rest.find(['}', ':']).unwrap_or(rest.len());
        let name = &rest[..end];
        let mut letters = name.chars();
        let first = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if first && letters.all(|c| c.is_alphanumeric() || c == '_') {
            names.push(name);
        }
        rest = &rest[end..];
    }
    names
}
