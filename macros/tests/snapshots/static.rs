/// Who is signed in.
pub(crate) static SESSIONS: ::stateless_store::StateMap<SessionId, Session> = {
    static DESCRIPTOR: ::stateless_store::Descriptor = ::stateless_store::Descriptor {
        type_name: ::stateless_store::__private::text("SESSIONS"),
        space: ::stateless_store::backend::Space {
            template: ::stateless_store::__private::text("session:{}"),
            indexes: &[],
        },
        ttl: ::core::option::Option::Some(
            ::core::time::Duration::from_millis(3600000u64),
        ),
        touch: ::stateless_store::Touch::Never,
        schema: 1u32,
        migrations: &[],
        undecodable: ::stateless_store::Undecodable::Error,
        counters: &[],
        keys: &[],
    };
    ::stateless_store::StateMap::global(&DESCRIPTOR)
};
const _: ::core::marker::PhantomData<LazyLock<Mutex<HashMap<SessionId, Session>>>> = ::core::marker::PhantomData;
