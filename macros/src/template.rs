//! Reads a key template: fixed text with `{field}` or `{}` in it.

use syn::LitStr;

pub(crate) struct Template {
    pub(crate) literal: LitStr,
    /// What stands between the braces, in order.
    pub(crate) placeholders: Vec<String>,
}

pub(crate) fn parse(literal: &LitStr) -> syn::Result<Template> {
    let text = literal.value();
    let wrong = |message: &str| Err(syn::Error::new(literal.span(), message));
    let mut placeholders = Vec::new();
    let mut rest = text.as_str();
    let mut first = true;
    loop {
        let (before, tail) = match rest.split_once('{') {
            Some((before, tail)) => (before, Some(tail)),
            None => (rest, None),
        };
        let fine = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
        if !before.chars().all(fine) {
            return wrong("the fixed text of a key has letters, digits and -_.:/ only, around `{field}`");
        }
        if first && !before.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return wrong("a key begins with a fixed name, \"cart:{user}\" say");
        }
        // Encoded parts contain neither, so no two records can get the same key.
        let parted = before.ends_with([':', '/']);
        if tail.is_some() && !parted {
            return wrong("before `{` there has to be a `:` or `/`, \"cart:{user}\" say");
        }
        if !first && !before.is_empty() && !before.starts_with([':', '/']) {
            return wrong("after `}` there has to be a `:` or `/`, or the end");
        }
        first = false;
        let Some(tail) = tail else { break };
        let Some((name, tail)) = tail.split_once('}') else {
            return wrong("a `{` without `}`");
        };
        if placeholders.iter().any(|p| p == name) {
            return wrong("the same field twice");
        }
        placeholders.push(name.to_owned());
        rest = tail;
    }
    Ok(Template { literal: literal.clone(), placeholders })
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        parse(&LitStr::new(text, Span::call_site()))
            .map(|template| template.placeholders)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn placeholders_are_found_in_order() {
        assert_eq!(read("cart:{user}").unwrap(), ["user"]);
        assert_eq!(read("a:{x}/b:{y}:z").unwrap(), ["x", "y"]);
        assert_eq!(read("session:{}").unwrap(), [""]);
        assert!(read("settings").unwrap().is_empty());
    }

    #[test]
    fn ambiguous_templates_are_refused() {
        for text in [
            "",
            "{x}",
            ":{x}",
            "a{x}",
            "a:{x}{y}",
            "a:{x}-{y}",
            "a:{x",
            "a b:{x}",
            "é:{x}",
            "a:{x}:{x}",
            "a:}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
