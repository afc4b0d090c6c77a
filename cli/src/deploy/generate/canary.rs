//! The order in which the change is rolled out, as a page that people follow.

use super::service::Service;
use super::{File, alerts};

/// The plan for what was made, as it stands in the folder `here`: a step names no other file.
pub(super) fn plan(here: &str, services: &[Service], files: &[File]) -> String {
    let names: Vec<&str> = services.iter().map(|one| one.name).collect();
    let apply: String = services.iter().map(|one| step(here, one, files)).collect();
    format!(
        "# Roll-out of {names}

The innermost first, one change at a time, each on a part of the traffic before all of it. Nothing here is done by a tool:
each step is a commit, and its way back is to revert it.

## Before

1. `cargo stateless check` reports no state in memory, or only connections, which have a tier of their own.
2. `cargo stateless verify -n 3 --schedule avoid-last` finds no difference: any replica can serve any request.
3. The store is watched: `alerts.yaml` is loaded, and `dashboard.json` shows its metrics.

## Steps
{apply}
### Stickiness, from the inside out

| step | command | what it changes |
| --- | --- | --- |
| 1 | `cargo stateless deploy fix --only service` | affinity of Services and meshes, single replicas |
| 2 | `cargo stateless deploy fix --only ingress` | cookies of ingresses, gateways and proxies |
| 3 | `cargo stateless deploy fix --only balancer` | the outermost balancer: it holds clients the longest |

Give each step to 5 % of the clients for an hour, then to half of them for a day, then to all. Old cookies live on until they
expire: wait for the longest lifetime before the next step.

## Go on when

- errors of the store stay below 1 %:

```promql
{errors}
```

- no sessions get lost (the alert SessionsLost is silent);
- the load becomes even, below 1.5:

```promql
{uneven}
```

- requests that fail while replicas come and go are as many as before.

## Go back when

One of StoreErrors, StoreSlow or SessionsLost fires. Revert the last commit. Nothing is lost by going back: with the state
outside of the process, affinity is only slower.
",
        names = names.join(", "),
        errors = alerts::errors("5m"),
        uneven = alerts::uneven("15m"),
    )
}

/// The commands for one service; nothing where nothing was made for it.
fn step(here: &str, service: &Service, files: &[File]) -> String {
    let name = service.name;
    let namespace = service.namespace.map_or_else(String::new, |space| format!(" -n {space}"));
    let made = |path: &str| files.iter().any(|file| file.path == path && file.of == service.place);
    let apply = |path: &str| {
        let file = from_here(here, path);
        made(path).then(|| format!("kubectl apply{namespace} -f {file}"))
    };
    let mut steps: Vec<String> = Vec::new();
    steps.extend(apply(&service.own("disruption-budget")));
    if let Some(apply) = apply(&service.path) {
        steps.push(format!("{apply}  # probes and pre-stop"));
        steps.push(format!("kubectl rollout status{namespace} deployment/{name}"));
    }
    if let Some(apply) = apply(&service.own("autoscaler")) {
        steps.push(format!(
            "kubectl scale{namespace} deployment/{name} --replicas=2  # before the autoscaler: so that two serve"
        ));
        steps.push(apply);
    }
    steps.extend(apply(&service.own("stateful-tier")));
    if steps.is_empty() {
        return String::new();
    }
    format!("\n### {name}\n\n```sh\n{}\n```\n", steps.join("\n"))
}

/// The path of a file as it is named in a folder.
fn from_here(here: &str, path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let count = |folder: &str| folder.split('/').filter(|part| !part.is_empty()).count();
    let shared = here.split('/').zip(folder.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count();
    let down = folder.split('/').filter(|part| !part.is_empty()).skip(shared);
    let mut all = vec![".."; count(here) - shared];
    all.extend(down.chain([name]));
    all.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_folders_are_named_with_their_folder() {
        assert_eq!(from_here("web", "web/shop.yaml"), "shop.yaml");
        assert_eq!(from_here("", "api/shop.yaml"), "api/shop.yaml");
        assert_eq!(from_here("web/a", "api/shop.yaml"), "../../api/shop.yaml");
        assert_eq!(from_here("web", "shop.yaml"), "../shop.yaml");
    }
}
