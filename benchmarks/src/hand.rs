//! The same by hand: what somebody writes who uses the driver alone and wants the same promises,
//! a version that is compared on the server, the lifetime in the same step, and only the fields
//! that changed.

use std::collections::HashMap;
use std::error::Error;

use redis::aio::ConnectionManager;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Row};
use stateless_store::testing::servers::Server;
use stateless_store::{Externalize, Store};

use crate::measure::{heading, line, pair};

#[derive(Clone, Debug, Default, Serialize, Deserialize, Externalize)]
#[externalize(key = "profile:{id}", ttl = "30m")]
struct Profile {
    #[externalize(key)]
    id: u64,
    name: String,
    email: String,
    roles: Vec<String>,
    logins: u64,
    theme: Option<String>,
}

fn profile(id: usize) -> Profile {
    Profile {
        id: id as u64,
        name: "Anna Bergman".to_owned(),
        email: "anna@example.org".to_owned(),
        roles: ["reader", "writer", "admin"].map(str::to_owned).to_vec(),
        logins: 1,
        theme: Some("dark".to_owned()),
    }
}

const SAVE: &str = "
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return false end
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return version
";

#[derive(Clone)]
struct ByHand {
    connection: ConnectionManager,
    save: redis::Script,
}

impl ByHand {
    fn key(id: usize) -> String {
        format!("hand:{id}")
    }

    async fn create(&self, id: usize) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Profile { id: number, name, email, roles, logins, theme } = profile(id);
        let mut connection = self.connection.clone();
        redis::pipe()
            .atomic()
            .cmd("HSET")
            .arg(Self::key(id))
            .arg("version")
            .arg(1)
            .arg("id")
            .arg(serde_json::to_string(&number)?)
            .arg("name")
            .arg(serde_json::to_string(&name)?)
            .arg("email")
            .arg(serde_json::to_string(&email)?)
            .arg("roles")
            .arg(serde_json::to_string(&roles)?)
            .arg("logins")
            .arg(serde_json::to_string(&logins)?)
            .arg("theme")
            .arg(serde_json::to_string(&theme)?)
            .cmd("PEXPIRE")
            .arg(Self::key(id))
            .arg(30 * 60 * 1000)
            .exec_async(&mut connection)
            .await?;
        Ok(())
    }

    async fn load(&self, id: usize) -> Result<(u64, Profile), Box<dyn Error + Send + Sync>> {
        let mut connection = self.connection.clone();
        let fields: HashMap<String, String> =
            redis::cmd("HGETALL").arg(Self::key(id)).query_async(&mut connection).await?;
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or("null");
        let profile = Profile {
            id: serde_json::from_str(field("id"))?,
            name: serde_json::from_str(field("name"))?,
            email: serde_json::from_str(field("email"))?,
            roles: serde_json::from_str(field("roles"))?,
            logins: serde_json::from_str(field("logins"))?,
            theme: serde_json::from_str(field("theme"))?,
        };
        Ok((field("version").parse()?, profile))
    }

    /// Saves the number of logins, which is what changed.
    async fn save(&self, id: usize, version: u64, logins: u64) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let mut connection = self.connection.clone();
        let saved: Option<u64> = self
            .save
            .key(Self::key(id))
            .arg(version)
            .arg(30 * 60 * 1000)
            .arg("logins")
            .arg(serde_json::to_string(&logins)?)
            .invoke_async(&mut connection)
            .await?;
        Ok(saved.is_some())
    }
}

pub async fn redis(server: &Server) -> Result<(), Box<dyn Error>> {
    let store = Store::options().namespace("bench").connect(server.url()).await?;
    let client = redis::Client::open(server.url())?;
    let hand = ByHand { connection: ConnectionManager::new(client).await?, save: redis::Script::new(SAVE) };
    for id in 0..64 {
        Profile::at(&store, &(id as u64)).put(&profile(id)).await?;
        hand.create(id).await.map_err(|error| error.to_string())?;
    }
    heading("Redis: typed, and the redis crate by hand", "typed", "by hand");
    let (s, h) = (store.clone(), hand.clone());
    let load = pair(
        move |id| {
            let at = Profile::at(&s, &(id as u64));
            async move {
                assert!(at.load().await.expect("load").is_some());
            }
        },
        move |id| {
            let hand = h.clone();
            async move {
                hand.load(id).await.expect("load");
            }
        },
    );
    line("load", load.await);
    let (s, h) = (store.clone(), hand.clone());
    let both = pair(
        move |id| {
            let at = Profile::at(&s, &(id as u64));
            async move {
                let mut profile = at.load().await.expect("load").expect("there");
                profile.logins += 1;
                at.save(&mut profile).await.expect("save");
            }
        },
        move |id| {
            let hand = h.clone();
            async move {
                let (version, mut profile) = hand.load(id).await.expect("load");
                profile.logins += 1;
                assert!(hand.save(id, version, profile.logins).await.expect("save"));
            }
        },
    );
    line("load, change, save", both.await);
    Ok(())
}

/// A table as somebody makes it who needs a document with a version and an end.
const TABLE: &str = "CREATE TABLE by_hand (id bigint PRIMARY KEY, version bigint NOT NULL, \
                     doc jsonb NOT NULL, expires_at timestamptz)";

async fn sql_load(pool: &PgPool, id: usize) -> sqlx::Result<(i64, Profile)> {
    let row = sqlx::query(
        "SELECT version, doc::text FROM by_hand WHERE id = $1 AND (expires_at IS NULL OR expires_at > now())",
    )
    .bind(id as i64)
    .fetch_one(pool)
    .await?;
    let doc: String = row.try_get(1)?;
    let profile = serde_json::from_str(&doc).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok((row.try_get(0)?, profile))
}

async fn sql_save(pool: &PgPool, id: usize, version: i64, logins: u64) -> sqlx::Result<u64> {
    let patch = format!("{{\"logins\":{logins}}}");
    let done = sqlx::query(
        "UPDATE by_hand SET doc = doc || $3::jsonb, version = version + 1 \
         WHERE id = $1 AND version = $2 AND (expires_at IS NULL OR expires_at > now())",
    )
    .bind(id as i64)
    .bind(version)
    .bind(patch)
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

pub async fn postgres(server: &Server) -> Result<(), Box<dyn Error>> {
    let store = Store::options().connections(10).connect(server.url()).await?;
    let pool = PgPoolOptions::new().max_connections(10).connect(server.url()).await?;
    sqlx::query(TABLE).execute(&pool).await?;
    for id in 0..64 {
        Profile::at(&store, &(id as u64)).put(&profile(id)).await?;
        sqlx::query("INSERT INTO by_hand VALUES ($1, 1, $2::jsonb, now() + interval '30 minutes')")
            .bind(id as i64)
            .bind(serde_json::to_string(&profile(id))?)
            .execute(&pool)
            .await?;
    }
    heading("PostgreSQL: typed, and sqlx by hand", "typed", "by hand");
    let (s, p) = (store.clone(), pool.clone());
    let load = pair(
        move |id| {
            let at = Profile::at(&s, &(id as u64));
            async move {
                assert!(at.load().await.expect("load").is_some());
            }
        },
        move |id| {
            let pool = p.clone();
            async move {
                sql_load(&pool, id).await.expect("load");
            }
        },
    );
    line("load", load.await);
    let (s, p) = (store.clone(), pool.clone());
    let both = pair(
        move |id| {
            let at = Profile::at(&s, &(id as u64));
            async move {
                let mut profile = at.load().await.expect("load").expect("there");
                profile.logins += 1;
                at.save(&mut profile).await.expect("save");
            }
        },
        move |id| {
            let pool = p.clone();
            async move {
                let (version, profile) = sql_load(&pool, id).await.expect("load");
                let saved = sql_save(&pool, id, version, profile.logins + 1).await;
                assert_eq!(saved.expect("save"), 1);
            }
        },
    );
    line("load, change, save", both.await);
    Ok(())
}
