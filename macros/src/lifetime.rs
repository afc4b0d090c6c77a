//! Reads a lifetime: `500ms`, `90s`, `30m`, `12h`, `7d`, or several of them, `1h30m`.

use syn::LitStr;

/// The lifetime in milliseconds.
pub(crate) fn milliseconds(literal: &LitStr) -> syn::Result<u64> {
    parse(&literal.value()).ok_or_else(|| {
        syn::Error::new(
            literal.span(),
            "not a lifetime: write a number and a unit (ms, s, m, h or d), \"30m\" say",
        )
    })
}

fn parse(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => 24 * 60 * 60 * 1000,
            _ => return None,
        };
        let part = number.parse::<u64>().ok()?.checked_mul(unit)?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    // A century is a mistake, and for ever is written by leaving it out.
    (1..=100 * 365 * 24 * 60 * 60 * 1000).contains(&total).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn units_add_up() {
        assert_eq!(parse("30m"), Some(30 * 60 * 1000));
        assert_eq!(parse("1h30m"), Some(90 * 60 * 1000));
        assert_eq!(parse("500ms"), Some(500));
        assert_eq!(parse("7d"), Some(7 * 24 * 60 * 60 * 1000));
    }

    #[test]
    fn what_is_no_lifetime_is_refused() {
        for text in ["", "30", "m", "-1s", "1 h", "0s", "1y", "99999999999999999999s", "40000d"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
