#[automatically_derived]
impl ::stateless_store::Externalize for Cart {
    const DESCRIPTOR: &'static ::stateless_store::Descriptor = &::stateless_store::Descriptor {
        type_name: ::stateless_store::__private::text("Cart"),
        space: ::stateless_store::backend::Space {
            template: ::stateless_store::__private::text("cart:{user}"),
            indexes: &["shop"],
        },
        ttl: ::core::option::Option::Some(
            ::core::time::Duration::from_millis(1800000u64),
        ),
        touch: ::stateless_store::Touch::Read,
        schema: 2u32,
        migrations: &[add_coupon],
        undecodable: ::stateless_store::Undecodable::Error,
        counters: &[
            ::stateless_store::CounterField {
                name: "views",
                min: <u64 as ::stateless_store::Count>::MIN,
                max: <u64 as ::stateless_store::Count>::MAX,
            },
        ],
        keys: &["user"],
    };
}
///The accessor of one [`Cart`] in the store.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct CartAt(::stateless_store::At<Cart>);
#[automatically_derived]
impl ::core::ops::Deref for CartAt {
    type Target = ::stateless_store::At<Cart>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
#[automatically_derived]
#[allow(dead_code)]
impl CartAt {
    ///Writes the field `shop` of an existing record, and nothing else.
    async fn set_shop(
        &self,
        value: String,
    ) -> ::core::result::Result<(), ::stateless_store::Error> {
        self.0.set_field("shop", &value).await
    }
    ///Writes the field `items` of an existing record, and nothing else.
    pub async fn set_items(
        &self,
        value: Vec<Item>,
    ) -> ::core::result::Result<(), ::stateless_store::Error> {
        self.0.set_field("items", &value).await
    }
    ///The counter `views`.
    fn views(&self) -> ::stateless_store::Counter<Cart, u64> {
        ::stateless_store::Counter::new(::core::clone::Clone::clone(&self.0), "views")
    }
}
#[automatically_derived]
#[allow(dead_code)]
impl Cart {
    /// The accessor of the record with this key.
    pub fn at(store: &::stateless_store::Store, user: &UserId) -> CartAt {
        CartAt(
            ::stateless_store::At::new(
                store,
                <Cart as ::stateless_store::Externalize>::DESCRIPTOR,
                [::stateless_store::KeyPart::new(user)],
            ),
        )
    }
    /// Loads many records, in the order of the keys.
    pub fn load_many<'k>(
        store: &::stateless_store::Store,
        keys: impl ::core::iter::IntoIterator<Item = &'k UserId>,
    ) -> ::stateless_store::__private::Many<Cart> {
        let keys = ::core::iter::Iterator::map(
            ::core::iter::IntoIterator::into_iter(keys),
            |user| [::stateless_store::KeyPart::new(user)],
        );
        ::stateless_store::__private::load_many(store, keys)
    }
    ///The records whose `shop` is this.
    fn by_shop(
        store: &::stateless_store::Store,
        value: &::core::primitive::str,
    ) -> ::stateless_store::List<Cart> {
        ::stateless_store::List::by(
            store,
            <Cart as ::stateless_store::Externalize>::DESCRIPTOR,
            "shop",
            value,
        )
    }
}
const _: fn() = || {
    ::stateless_store::__private::can_be_stored::<UserId>();
    ::stateless_store::__private::can_be_stored::<String>();
    ::stateless_store::__private::can_be_stored::<Vec<Item>>();
};
