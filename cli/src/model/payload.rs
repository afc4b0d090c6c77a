//! What a site's payload consists of, and how close it is to a client's connection.

use super::collect::Collector;
use super::external::{self, Kind};
use super::shared::Shared;
use super::site::{Holds, Live};
use super::types::{T, last_part};

impl Collector<'_, '_> {
    /// Everything a type consists of, our own types looked into. What has a lock of its
    /// own inside is a site of its own and left out; so is what a channel carries.
    pub(super) fn look_into(&self, ty: &T, holds: &mut Holds, depth: usize) {
        if depth > 10 {
            return;
        }
        match ty {
            T::Adt(adt, args) => {
                let declared = self.names.tree.item(*adt);
                if depth <= 1 {
                    holds.near.insert(declared.item.name.to_string());
                }
                if !holds.names.insert(declared.item.name.to_string()) {
                    return;
                }
                for field in super::shared::field_types(self.names, *adt, args) {
                    let own_site =
                        depth > 0 && external::interior(&field).is_some_and(|kind| kind != Kind::Sender);
                    holds.changing |= own_site;
                    if !own_site {
                        self.look_into(&field, holds, depth + 2);
                    }
                }
            }
            other => {
                let kind = external::kind_of(other);
                holds.kinds.insert(kind);
                if let T::Ext(path, _) = other {
                    holds.names.insert(last_part(path.as_str()).to_string());
                    if depth <= 1 {
                        holds.near.insert(last_part(path.as_str()).to_string());
                    }
                }
                let map = matches!(kind, Kind::Map | Kind::SharedMap | Kind::Cache);
                if map && holds.key.is_none() {
                    holds.key = other.args().first().cloned();
                }
                if (map || kind == Kind::List) && depth < 5 {
                    holds.collection = true;
                }
                if matches!(kind, Kind::Sender | Kind::Broadcast | Kind::Address | Kind::Receiver) {
                    return;
                }
                for arg in other.args() {
                    self.look_into(arg, holds, depth + usize::from(map || kind == Kind::List));
                }
            }
        }
    }

    /// Whether a collection's entries hold locks or numbers of their own.
    pub(super) fn entries_change(&self, ty: &T) -> bool {
        let payload = external::payload(ty);
        let entry = match external::kind_of(payload) {
            Kind::Map | Kind::SharedMap | Kind::Cache | Kind::List => payload.args().last(),
            _ => None,
        };
        entry.is_some_and(|entry| self.changeable(entry, 3))
    }

    fn changeable(&self, ty: &T, hops: usize) -> bool {
        if external::interior(ty).is_some() {
            return true;
        }
        match external::payload(ty) {
            T::Adt(adt, args) if hops > 0 => super::shared::field_types(self.names, *adt, args)
                .iter()
                .any(|field| self.changeable(field, hops - 1)),
            T::Tuple(parts) => parts.iter().any(|part| self.changeable(part, hops)),
            _ => false,
        }
    }

    /// How close the entries of a collection are to a client's connection.
    pub(super) fn live(&self, ty: &T, shared: &Shared) -> Live {
        let payload = external::payload(ty);
        let value = match external::kind_of(payload) {
            Kind::Map | Kind::SharedMap | Kind::Cache => payload.args().get(1).or(payload.args().first()),
            Kind::List => payload.args().first(),
            _ => None,
        };
        let Some(value) = value else { return Live::No };
        self.live_value(value, shared, 0)
    }

    pub(super) fn live_value(&self, value: &T, shared: &Shared, depth: usize) -> Live {
        let value = external::payload(value);
        match value {
            T::Adt(adt, args) if depth < 2 => {
                let fields = super::shared::field_types(self.names, *adt, args);
                let live = fields.iter().any(|field| {
                    let direct = external::payload(field);
                    let plain = matches!(external::kind_of(direct), Kind::Sender | Kind::Address)
                        || matches!(direct, T::Ext(path, _) if socket(path.as_str()));
                    let nested = matches!(direct, T::Adt(..))
                        && self.live_value(direct, shared, depth + 1) != Live::No;
                    plain || nested
                });
                if live { Live::Part } else { Live::No }
            }
            T::Tuple(parts) => {
                let live = parts.iter().any(|part| self.live_value(part, shared, depth + 1) != Live::No);
                if live { Live::Part } else { Live::No }
            }
            other => match external::kind_of(other) {
                // The address of an actor of ours is as live as that actor is.
                Kind::Address => match other.args().first().map(T::value) {
                    Some(T::Adt(adt, _))
                        if shared.structs.contains_key(adt) && !shared.per_request.contains(adt) =>
                    {
                        Live::No
                    }
                    _ => Live::Whole,
                },
                Kind::Sender | Kind::Broadcast => Live::Whole,
                Kind::Map | Kind::SharedMap | Kind::List => {
                    let inner = other
                        .args()
                        .last()
                        .map_or(Live::No, |inner| self.live_value(inner, shared, depth + 1));
                    if depth == 0 { inner } else { Live::No }
                }
                _ if matches!(other, T::Ext(path, _) if socket(path.as_str())) => Live::Whole,
                _ => Live::No,
            },
        }
    }
}

/// Types that write to one client.
pub(super) fn socket(path: &str) -> bool {
    let name = last_part(path);
    // Words of the trade elsewhere: whom something is paid to, who is logged in. `aws` is no `ws`.
    let from = |names: &[&str]| path.split([':', '_']).any(|part| names.contains(&part));
    match name {
        "Session" => return from(&["actix", "ws"]),
        "Recipient" => return from(&["actix", "kameo"]),
        _ => {}
    }
    matches!(
        name,
        "WebSocket"
            | "SplitSink"
            | "WebSocketStream"
            | "SocketRef"
            | "DuplexStream"
            | "TcpStream"
            | "FramedWrite"
            | "OwnedWriteHalf"
            | "WriteHalf"
            | "Framed"
    )
}

#[cfg(test)]
mod tests {
    use super::socket;

    #[test]
    fn words_of_the_trade_are_sockets_by_where_they_come_from() {
        for path in ["actix_ws::Session", "actix_web_actors::ws::Session", "actix::Recipient", "WebSocket"] {
            assert!(socket(path), "{path}");
        }
        for path in ["aws_sdk::Session", "browser::windows::Session", "mail::news::Recipient", "Session"] {
            assert!(!socket(path), "{path}");
        }
    }
}
