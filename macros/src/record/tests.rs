//! The expansion as somebody reads it. `BLESS=1` writes the snapshot anew.

use quote::quote;

use super::derive;

#[test]
fn the_expansion_is_small_and_readable() {
    let expanded = derive(quote! {
        #[externalize(key = "cart:{user}", ttl = "30m", touch = "read", schema = 2, migrate(1 = add_coupon))]
        pub struct Cart {
            #[externalize(key)]
            user: UserId,
            #[externalize(index)]
            shop: String,
            pub items: Vec<Item>,
            #[externalize(counter)]
            views: u64,
        }
    });
    let file = syn::parse2(expanded).expect("the expansion is Rust");
    check("expansion.rs", &prettyplease::unparse(&file));
}

#[test]
fn an_externalised_static_is_one_static() {
    let expanded = crate::statics::externalized(
        quote!(key = "session:{}", ttl = "1h"),
        quote! {
            /// Who is signed in.
            pub(crate) static SESSIONS: LazyLock<Mutex<HashMap<SessionId, Session>>> =
                LazyLock::new(Default::default);
        },
    );
    let file = syn::parse2(expanded).expect("the expansion is Rust");
    check("static.rs", &prettyplease::unparse(&file));
}

fn check(name: &str, found: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, found).expect("the snapshot can be written");
    }
    let wanted = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(wanted == found, "{} is stale (BLESS=1 writes it):\n{found}", file.display());
}
