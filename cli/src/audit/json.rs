//! The audit as JSON: everything, for programs and for a later `--since`.

use std::io;

use super::Audit;
use crate::report::escape;

pub(crate) fn document(audit: &Audit) -> io::Result<String> {
    Ok(escape::json(audit)?)
}
