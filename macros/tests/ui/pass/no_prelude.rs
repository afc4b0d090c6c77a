//! Nothing in scope.
#![no_implicit_prelude]

#[derive(
    ::core::clone::Clone,
    ::core::default::Default,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::stateless_store::Externalize,
)]
#[externalize(key = "cart:{store}:{user}", ttl = "30m", schema = 2, migrate(1 = nothing))]
struct Cart {
    #[externalize(key)]
    store: u64,
    #[externalize(key)]
    user: ::std::string::String,
    #[externalize(index)]
    r#type: ::core::option::Option<u8>,
    #[externalize(counter)]
    views: u64,
    items: ::std::vec::Vec<::std::string::String>,
}

fn nothing(
    _: &mut ::stateless_store::Draft,
) -> ::core::result::Result<(), ::stateless_store::MigrationError> {
    ::core::result::Result::Ok(())
}

#[::stateless_store::externalized(key = "orders")]
static ORDERS: ::core::sync::atomic::AtomicU64;

#[::stateless_store::externalized(key = "banned:{}", list)]
static BANNED: ::std::sync::Mutex<::std::collections::HashSet<u64>>;

#[::stateless_store::keep_in_process(reason = "a cache of this replica")]
static KEPT: ::core::sync::atomic::AtomicU64 = ::core::sync::atomic::AtomicU64::new(0);

fn main() {}
