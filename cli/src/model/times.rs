//! When methods of foreign traits run: a table. What it does not know runs for requests, since
//! frameworks call most of them.

pub(super) enum TraitTime {
    Startup,
    Request,
    /// When somebody calls it: the call graph knows.
    Called,
}

/// When methods of a foreign trait run. Frameworks call most of them for requests.
pub(super) fn trait_time(name: &str, method: &str) -> TraitTime {
    match (name, method) {
        ("Fairing", "on_ignite" | "on_liftoff" | "info")
        | ("Transform" | "Layer" | "MakeSpan" | "Plugin", "new_transform" | "layer")
        | ("Actor" | "Supervised" | "SystemService", "started" | "service_started" | "restarting")
        | ("MigrationTrait" | "MigratorTrait" | "Args" | "Parser" | "Hooks", _) => TraitTime::Startup,
        (
            "Display"
            | "Debug"
            | "Default"
            | "Clone"
            | "From"
            | "Into"
            | "TryFrom"
            | "TryInto"
            | "FromStr"
            | "Deref"
            | "DerefMut"
            | "Iterator"
            | "IntoIterator"
            | "DoubleEndedIterator"
            | "ExactSizeIterator"
            | "Extend"
            | "FromIterator"
            | "Serialize"
            | "Deserialize"
            | "Serializer"
            | "Deserializer"
            | "Visitor"
            | "PartialEq"
            | "Eq"
            | "Hash"
            | "Hasher"
            | "BuildHasher"
            | "PartialOrd"
            | "Ord"
            | "Add"
            | "Sub"
            | "Mul"
            | "Div"
            | "AddAssign"
            | "SubAssign"
            | "Neg"
            | "Not"
            | "Index"
            | "IndexMut"
            | "Error"
            | "StdError"
            | "AsRef"
            | "AsMut"
            | "Borrow"
            | "BorrowMut"
            | "ToString"
            | "ToOwned"
            | "Write"
            | "Read"
            | "Seek"
            | "BufRead"
            | "LowerHex"
            | "UpperHex"
            | "BitOr"
            | "BitAnd"
            | "Rem"
            | "Sum"
            | "Any"
            | "ToSql"
            | "FromSql"
            | "Encode"
            | "Decode"
            | "Type"
            | "FromRow"
            | "FromRedisValue"
            | "ToRedisArgs"
            | "Queryable"
            | "IntoResponse"
            | "Responder"
            | "ResponseError"
            | "Zeroize"
            | "Arbitrary"
            | "JsonSchema"
            | "ToSchema"
            | "ValueEnum",
            _,
        ) => TraitTime::Called,
        _ => TraitTime::Request,
    }
}
