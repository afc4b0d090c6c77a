//! What is a database, a broker or another part that holds state on purpose, told by name.

use std::path::Path;

/// Parts of image and object names.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "activemq", "adminer", "aerospike", "alertmanager", "arangodb", "artemis", "azurite",
    "beanstalkd", "broker", "cadvisor", "cassandra", "ceph", "clickhouse", "cockroach",
    "cockroachdb", "consul", "couchbase", "couchdb", "database", "db", "db2", "dragonfly",
    "dynamodb", "edgedb", "elasticsearch", "emqx", "etcd", "exporter", "firebird", "fluentbit",
    "fluentd", "foundationdb", "galera", "galeracluster", "gearmand", "glusterfs", "grafana",
    "greptimedb", "hazelcast", "hbase", "hdfs", "immudb", "influxdb", "jaeger", "jaegertracing",
    "kafdrop", "kafka", "keydb", "kibana", "localstack", "logstash", "loki", "mailhog", "mailpit",
    "mariadb", "maxscale", "meilisearch", "memcached", "milvus", "minio", "mongo", "mongodb", "mosquitto", "mq",
    "mssql", "mysql", "nats", "neo4j", "nfs", "nsqd", "nsqlookupd", "opensearch", "opentelemetry",
    "otel", "percona", "pgadmin", "pgbouncer", "pgvector", "phpmyadmin", "postgis", "postgres",
    "postgresql", "prometheus", "promtail", "proxysql", "pulsar", "qdrant", "questdb", "rabbitmq", "rds",
    "redis", "redpanda", "registry", "rethinkdb", "scylla", "seaweedfs", "sentinel", "solr",
    "sqlpad", "sqlserver", "supabase-db", "surrealdb", "tarantool", "tempo", "tidb", "timescaledb",
    "typesense", "valkey", "vault", "victorialogs", "victoriametrics", "vitess", "weaviate",
    "yugabyte", "yugabytedb", "zipkin", "zookeeper",
];

/// Whether an image, a name or a port is one of a database, broker or the like: such a part
/// holds state on purpose and is no concern of the service's own replicas.
pub(crate) fn is_backing(name: &str) -> bool {
    bare(name).to_ascii_lowercase().split(['-', '_', '.']).any(is_part)
}

/// An image's name without its registry and its tag.
fn bare(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split([':', '@']).next().unwrap_or(name)
}

fn is_part(part: &str) -> bool {
    PARTS.contains(&part) || PARTS.contains(&part.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// What is only run for development or a test is never scaled. Told by the file's name, or by a
/// folder.
pub(crate) fn for_development(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let says = |part: &str| matches!(part, "dev" | "development" | "local" | "test" | "tests" | "ci" | "e2e");
    // `ci.in` is one, too; `dev-portal` is a service.
    name.split(['.', '-', '_']).any(says)
        || folders.split('/').any(|folder| {
            folder == ".devcontainer" || says(folder.split_once('.').map_or(folder, |(stem, _)| stem))
        })
}

/// Whether a template belongs to the chart of a database or the like: names are hidden in it.
pub(crate) fn in_backing_chart(path: &Path) -> bool {
    let chart = path.ancestors().find(|folder| folder.ends_with("templates")).and_then(Path::parent);
    chart.and_then(Path::file_name).and_then(|name| name.to_str()).is_some_and(is_backing)
}

/// Whether an image changes a database's tables, and ends.
pub(crate) fn runs_once(image: &str) -> bool {
    bare(image)
        .split(['-', '_'])
        .any(|part| matches!(part, "flyway" | "liquibase" | "migrate" | "migrations" | "dbmate"))
}

/// Whether a part only sends requests: a load generator, a client of a test.
pub(crate) fn is_client(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["loadgen", "load-gen", "loadtest", "load-test", "curlimages", "netshoot", "k6", "locust", "siege"]
        .iter()
        .any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_told_from_what_only_sounds_like_one() {
        for name in
            ["postgres", "bitnami/postgresql:16", "redis-0", "my-db", "shop_db", "quay.io/a/mongo@sha256:0"]
        {
            assert!(is_backing(name), "{name}");
        }
        for name in ["dbeaver-web", "shop", "ghcr.io/redislabs/app:1", "postgrest", "orders-api"] {
            assert!(!is_backing(name), "{name}");
        }
    }
}
