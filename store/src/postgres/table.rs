//! One type's table and the statements on it. Pure text; asks no server.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::backend::{ALL, Space};

/// PostgreSQL cuts names off at 63 bytes.
const LONGEST_NAME: usize = 52;

pub(super) struct Table {
    /// The table's name, without quotes.
    pub(super) name: String,
    /// The indexes that the space has.
    pub(super) indexes_of: &'static [&'static str],
    /// The indexes that have a column, in the order in which writes bind them.
    pub(super) indexes: Vec<&'static str>,
    /// Asks for the columns that there are. Bound: the name.
    pub(super) columns: String,
    /// Makes what is missing.
    pub(super) create: Vec<String>,
    pub(super) load: Arc<str>,
    pub(super) touch: Arc<str>,
    pub(super) update: Arc<str>,
    pub(super) upsert: Arc<str>,
    pub(super) delete: Arc<str>,
    pub(super) lifetime: Arc<str>,
    pub(super) expire: Arc<str>,
    pub(super) sweep: Arc<str>,
    lists: Vec<(Cow<'static, str>, Arc<str>, Arc<str>)>,
}

/// A record that has neither been deleted nor expired.
const LIVE: &str = "(t.doc IS NOT NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp()))";
/// What counts as expired, a tombstone included.
const EXPIRED: &str = "(t.expires_at IS NOT NULL AND t.expires_at <= clock_timestamp())";
/// The version as others see it: nothing is left of an expired row.
const SEEN: &str =
    "CASE WHEN t.expires_at IS NULL OR t.expires_at > clock_timestamp() THEN t.version ELSE 0 END";

impl Table {
    /// `cart:{user}` is kept in `stateless_cart`.
    fn name_of(space: &Space) -> String {
        let mut name = String::from("stateless");
        let mut plain = true;
        for (i, part) in space.template.split(['{', '}']).enumerate() {
            // Every second part stands between braces.
            if i % 2 == 1 {
                continue;
            }
            for word in part.split([':', '/']).filter(|word| !word.is_empty()) {
                name.push('_');
                for c in word.chars() {
                    let fine = c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                    plain &= fine;
                    name.push(if fine { c } else { '_' });
                }
            }
        }
        // More than one fixed part, and other letters, could make two templates one name.
        let simple = space.template.matches(['{', '/']).count() <= 1
            && space.template.matches(':').count() <= 1
            && !space.template.ends_with(|c: char| c != '}' && space.template.contains('{'));
        if plain && simple && name.len() <= LONGEST_NAME {
            return name;
        }
        name.truncate(LONGEST_NAME - 9);
        let digest = Sha256::digest(space.template.as_bytes());
        let tail: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
        format!("{name}_{tail}")
    }

    pub(super) fn new(space: &Space) -> Self {
        let name = Self::name_of(space);
        let t = format!("\"{name}\"");
        let indexes: Vec<&'static str> =
            space.indexes.iter().copied().filter(|index| *index != ALL).collect();
        let columns: Vec<String> = indexes.iter().map(|index| column(index)).collect();
        let lists = space
            .indexes
            .iter()
            .map(|index| {
                let (list, count) = lists(&t, index);
                (Cow::Borrowed(*index), list, count)
            })
            .collect();
        Self {
            columns: "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(quote_ident($1)) \
                      AND attnum > 0 AND NOT attisdropped"
                .to_owned(),
            create: create(&name, &t, &indexes),
            load: format!(
                "SELECT t.key, {SEEN}, t.schema, CASE WHEN {LIVE} THEN t.doc::text END \
                 FROM {t} t WHERE t.key = ANY($1)"
            )
            .into(),
            // In the order of the keys, so that two bulk loads cannot block each other.
            touch: format!(
                "WITH u AS (UPDATE {t} t SET expires_at = clock_timestamp() + make_interval(secs => $2) \
                 WHERE t.key IN (SELECT t.key FROM {t} t WHERE t.key = ANY($1) AND {LIVE} ORDER BY t.key FOR UPDATE) \
                 RETURNING t.key, t.version, t.schema, t.doc::text) \
                 SELECT * FROM u UNION ALL SELECT t.key, {SEEN}, t.schema, NULL FROM {t} t \
                 WHERE t.key = ANY($1) AND t.doc IS NULL"
            )
            .into(),
            update: update(&t, &columns),
            upsert: upsert(&t, &columns),
            delete: delete(&t, &columns),
            lifetime: format!(
                "SELECT extract(epoch FROM t.expires_at - clock_timestamp())::float8 \
                 FROM {t} t WHERE t.key = $1 AND {LIVE}"
            )
            .into(),
            expire: format!(
                "UPDATE {t} t SET expires_at = clock_timestamp() + make_interval(secs => $2) \
                 WHERE t.key = $1 AND {LIVE} RETURNING 1"
            )
            .into(),
            sweep: format!(
                "DELETE FROM {t} t WHERE t.ctid = ANY(ARRAY(SELECT t.ctid FROM {t} t \
                 WHERE t.expires_at < clock_timestamp() LIMIT 500 FOR UPDATE SKIP LOCKED))"
            )
            .into(),
            lists,
            indexes_of: space.indexes,
            indexes,
            name,
        }
    }

    pub(super) fn is_complete(&self, columns: &[String]) -> bool {
        let mut wanted = self.indexes.iter().map(|index| format!("i_{index}"));
        !columns.is_empty() && wanted.all(|wanted| columns.contains(&wanted))
    }

    pub(super) fn list(&self, index: &str) -> Option<&str> {
        self.lists.iter().find(|(name, ..)| name == index).map(|(_, list, _)| &**list)
    }

    pub(super) fn count(&self, index: &str) -> Option<&str> {
        self.lists.iter().find(|(name, ..)| name == index).map(|(_, _, count)| &**count)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The column of an index.
fn column(index: &str) -> String {
    quoted(&format!("i_{index}"))
}

fn create(name: &str, t: &str, indexes: &[&str]) -> Vec<String> {
    let mut out = vec![
        // Two processes that start together would both find no table.
        "SELECT pg_advisory_xact_lock(7310584035)".to_owned(),
        format!(
            "CREATE TABLE IF NOT EXISTS {t} (key text COLLATE \"C\" PRIMARY KEY, version bigint NOT NULL, \
             schema integer NOT NULL, doc jsonb, expires_at timestamptz)"
        ),
        format!(
            "CREATE INDEX IF NOT EXISTS {} ON {t} (expires_at) WHERE expires_at IS NOT NULL",
            quoted(&format!("{name}_end"))
        ),
        format!("COMMENT ON COLUMN {t}.doc IS 'NULL in the tombstone of a deleted record'"),
    ];
    for (i, index) in indexes.iter().enumerate() {
        let column = column(index);
        out.push(format!("ALTER TABLE {t} ADD COLUMN IF NOT EXISTS {column} text COLLATE \"C\""));
        out.push(format!(
            "CREATE INDEX IF NOT EXISTS {} ON {t} ({column}, key) WHERE doc IS NOT NULL",
            quoted(&format!("{name}_i{i}_{}", short(index)))
        ));
    }
    out
}

/// A piece of a field's name that fits into an index's name.
fn short(index: &str) -> String {
    index.chars().filter(|c| c.is_ascii_alphanumeric()).take(5).collect()
}

fn lists(t: &str, index: &str) -> (Arc<str>, Arc<str>) {
    let matching = if index == ALL {
        // The parameter is bound all the same.
        "($1::text IS NULL)".to_owned()
    } else {
        format!("t.{} = $1", column(index))
    };
    let list = format!(
        "SELECT t.key, t.version, t.schema, t.doc::text FROM {t} t \
         WHERE {matching} AND {LIVE} AND ($2::text IS NULL OR t.key > $2) ORDER BY t.key LIMIT $3"
    );
    let count = format!("SELECT count(*) FROM {t} t WHERE {matching} AND {LIVE}");
    (list.into(), count.into())
}

// The parameters of `update` and `upsert`: $1 key, $2 expectation, $3 version seen, $4 schema,
// $5 ttl in seconds, $6 renew, $7 replace, $8 bump, $9 fields to set, $10 fields to drop,
// $11 counters' starts, $12 counters to keep, $13 counters, $14 changes, $15 least, $16 greatest.
// `upsert` has $17, the fields of a new record; the indexes' values follow.

/// The document after the write; `replace` says when the old fields go.
fn document(replace: &str) -> String {
    format!(
        "(($11::jsonb || CASE WHEN {replace} THEN (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{{}}') \
         FROM jsonb_each(t.doc) e WHERE e.key = ANY($12::text[])) ELSE t.doc - $10::text[] END || $9::jsonb) \
         || (SELECT coalesce(jsonb_object_agg(a.name, {count}), '{{}}') \
         FROM unnest($13::text[], $14::bigint[]) AS a(name, by)))",
        count = format_args!("({COUNT})::bigint")
    )
}

/// A counter after its change.
const COUNT: &str = "coalesce((t.doc ->> a.name)::numeric, ($11::jsonb ->> a.name)::numeric, 0) + a.by";

/// Whether all counters stay in their range.
fn in_range() -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM unnest($13::text[], $14::bigint[], $15::bigint[], $16::bigint[]) \
         AS a(name, by, least, most) WHERE {COUNT} NOT BETWEEN a.least AND a.most)"
    )
}

/// What is there where the write did not take place.
fn refusal(t: &str, written: &str) -> String {
    format!(
        "SELECT false, {SEEN}, t.schema, CASE WHEN {LIVE} THEN t.doc::text END, NULL::bigint[] \
         FROM {t} t WHERE t.key = $1 AND NOT EXISTS (SELECT 1 FROM {written})"
    )
}

/// The counters of the write, in order.
const COUNTERS: &str = "(SELECT array_agg((w.doc ->> a.name)::bigint ORDER BY a.at) \
     FROM unnest($13::text[]) WITH ORDINALITY AS a(name, at))";

fn update(t: &str, columns: &[String]) -> Arc<str> {
    let indexes: String = columns
        .iter()
        .enumerate()
        .map(|(i, column)| format!(", {column} = coalesce(${}, t.{column})", 17 + i))
        .collect();
    format!(
        "WITH w AS (UPDATE {t} t SET \
         version = t.version + CASE WHEN $8 THEN 1 ELSE 0 END, \
         schema = $4, doc = {document}, \
         expires_at = CASE WHEN $6 THEN clock_timestamp() + make_interval(secs => $5) ELSE t.expires_at END{indexes} \
         WHERE t.key = $1 AND {LIVE} AND ($2 = 'present' OR t.version = $3) \
         AND t.schema <= $4 AND ($2 <> 'present' OR t.schema = $4) AND {in_range} \
         RETURNING t.version, t.doc) \
         SELECT true, w.version, NULL::integer, NULL::text, {COUNTERS} FROM w UNION ALL {refusal}",
        document = document("$7"),
        in_range = in_range(),
        refusal = refusal(t, "w"),
    )
    .into()
}

fn upsert(t: &str, columns: &[String]) -> Arc<str> {
    let names: String = columns.iter().map(|column| format!(", {column}")).collect();
    let values: String = (0..columns.len()).map(|i| format!(", ${}", 18 + i)).collect();
    let indexes: String = columns
        .iter()
        .map(|column| format!(", {column} = CASE WHEN {LIVE} THEN coalesce(excluded.{column}, t.{column}) ELSE excluded.{column} END"))
        .collect();
    format!(
        "WITH w AS (INSERT INTO {t} AS t (key, version, schema, doc, expires_at{names}) \
         VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $4, $17::jsonb, \
         clock_timestamp() + make_interval(secs => $5){values}) \
         ON CONFLICT (key) DO UPDATE SET \
         version = CASE WHEN {LIVE} THEN t.version + CASE WHEN $8 THEN 1 ELSE 0 END \
         ELSE greatest(t.version + 1, excluded.version) END, \
         schema = $4, \
         doc = CASE WHEN {LIVE} THEN {document} ELSE excluded.doc END, \
         expires_at = CASE WHEN {LIVE} AND NOT $6 THEN t.expires_at ELSE excluded.expires_at END{indexes} \
         WHERE CASE WHEN {LIVE} THEN $2 = 'any' AND t.schema <= $4 AND {in_range} \
         ELSE $2 <> 'since' OR {EXPIRED} OR t.version = $3 END \
         RETURNING t.version, t.doc) \
         SELECT true, w.version, NULL::integer, NULL::text, {COUNTERS} FROM w UNION ALL {refusal}",
        document = document("$7 OR t.schema < $4"),
        in_range = in_range(),
        refusal = refusal(t, "w"),
    )
    .into()
}

// $1 key, $2 version seen or NULL, $3 life of the tombstone in seconds, $4 take.
fn delete(t: &str, columns: &[String]) -> Arc<str> {
    let indexes: String = columns.iter().map(|column| format!(", {column} = NULL")).collect();
    format!(
        "WITH old AS MATERIALIZED (SELECT t.version, t.schema, t.doc FROM {t} t WHERE t.key = $1 AND {LIVE} \
         AND ($2::bigint IS NULL OR t.version = $2) FOR UPDATE), \
         w AS (UPDATE {t} t SET version = t.version + 1, doc = NULL, \
         expires_at = clock_timestamp() + make_interval(secs => $3){indexes} \
         FROM old WHERE t.key = $1 RETURNING 1) \
         SELECT true, old.version, old.schema, CASE WHEN $4 THEN old.doc::text END, NULL::bigint[] FROM old, w \
         UNION ALL {refusal}",
        refusal = refusal(t, "w"),
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(template: &'static str) -> String {
        Table::name_of(&Space { template: template.into(), indexes: &[] })
    }

    #[test]
    fn plain_templates_have_plain_names() {
        assert_eq!(name("cart:{user}"), "stateless_cart");
        assert_eq!(name("settings"), "stateless_settings");
        assert_eq!(name("session:{}"), "stateless_session");
    }

    #[test]
    fn templates_that_look_alike_have_different_names() {
        let alike = [
            "cart:{user}",
            "Cart:{user}",
            "cart:{user}:x",
            "cart/x:{user}",
            "cart_x:{user}",
            "cart:x:{user}",
            "shop/cart:{user}",
        ];
        let names: std::collections::BTreeSet<String> = alike.iter().map(|t| name(t)).collect();
        assert_eq!(names.len(), alike.len(), "{names:?}");
        assert!(names.iter().all(|name| name.len() <= LONGEST_NAME));
    }
}
