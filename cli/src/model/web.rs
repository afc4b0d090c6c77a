//! Routes: which handler answers which path, as routers are put together.
//!
//! Frameworks differ in words, not in shape: something pairs a method with a handler,
//! something prefixes, something merges. A value that takes part carries a [`Web`];
//! each step that adds a prefix records the longer route, and the longest form wins.

use std::sync::Arc;

use ustr::Ustr;

use super::eval::Frame;
use super::layers;
use super::summary::{Callable, HandlerRef, RegionKind, Route, Val, Web};
use super::tree::ItemId;
use super::types::{T, last_part};
use crate::facts::{Attr, ExprId, Sym};
use crate::span::Span;

/// HTTP methods as routers spell them.
const VERBS: [&str; 10] =
    ["get", "post", "put", "delete", "patch", "head", "options", "any", "trace", "connect"];

/// The method that a verb of a router or attribute stands for.
pub(crate) fn verb(name: &str) -> Option<Sym> {
    let name = name.strip_suffix("_service").unwrap_or(name);
    VERBS.contains(&name).then(|| Ustr::from(&name.to_uppercase()))
}

/// The route that an attribute gives a function: `#[get("/users/{id}")]`.
pub(crate) fn attribute_route(attr: &Attr) -> Option<(Option<Sym>, String)> {
    let name = attr.path.last()?.name;
    let method = verb(name.as_str());
    let listed = matches!(name.as_str(), "route" | "oai" | "api_operation");
    if method.is_none() && !listed {
        return None;
    }
    let path = attr.text.clone()?;
    // Rocket's `#[route(GET, uri = "/")]`, actix' `#[route("/", method = "GET")]`.
    let method = method.or_else(|| {
        VERBS
            .iter()
            .find(|verb| {
                attr.tokens.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case(verb))
            })
            .and_then(|found| verb(found))
    });
    Some((method, path.split(['?', ' ']).next().unwrap_or_default().to_string()))
}

/// The route that a function's documentation gives it, for routers that go by that:
/// `#[utoipa::path(get, path = "/users")]`.
fn documented_route(attr: &Attr) -> Option<(Option<Sym>, String)> {
    if attr.path.last()?.name != "path" {
        return None;
    }
    let method = attr.tokens.split(|c: char| !c.is_alphanumeric()).find_map(verb);
    let (_, rest) = attr.tokens.split_once("path = \"")?;
    Some((method, rest.split('"').next()?.to_string()))
}

/// Attributes that make a function or all of an impl's functions answer requests.
pub(crate) fn serving_attribute(attr: &Attr) -> bool {
    let Some(last) = attr.path.last() else {
        return false;
    };
    let juniper = attr.path.segments.first().is_some_and(|first| first.name == "juniper");
    verb(last.name.as_str()).is_some() && attr.text.is_some()
        || juniper && matches!(last.name.as_str(), "object" | "subscription")
        || matches!(
            last.name.as_str(),
            "route"
                | "handler"
                | "endpoint"
                | "catch"
                | "tool"
                | "oai"
                | "Object"
                | "Subscription"
                | "ComplexObject"
                | "MergedObject"
                | "graphql_object"
                | "graphql_subscription"
                | "OpenApi"
                | "tool_router"
                | "tool_handler"
                | "rpc"
                | "method"
                | "craft"
                | "debug_handler"
                | "server"
                | "interface"
                | "prompt"
                | "main_handler"
                | "connect"
                | "websocket"
        )
}

impl<'a> Frame<'a, '_> {
    /// A function or closure that a framework will call for requests.
    pub(super) fn handler(&mut self, val: &Val) -> Option<HandlerRef> {
        match val.callable {
            Some(Callable::Item(item)) if self.names().tree.item(item).function().is_some() => {
                Some(HandlerRef::Fn(item))
            }
            Some(Callable::Closure(region)) => {
                self.out.regions[region as usize].kind = RegionKind::Request;
                Some(HandlerRef::Region(self.id, region))
            }
            _ => None,
        }
    }

    fn new_route(&mut self, method: Option<Sym>, path: String, handler: HandlerRef, span: Span) -> Route {
        let route = Route { id: (self.id, span.start), method, path, depth: 0, handler };
        self.out.routes.push(route.clone());
        route
    }

    fn prefixed(&mut self, prefix: &str, routes: &[Route]) -> Vec<Route> {
        let longer = |route: &Route| Route {
            path: join(prefix, &route.path),
            depth: route.depth + 1,
            ..route.clone()
        };
        let routes: Vec<Route> = routes.iter().map(longer).collect();
        self.out.routes.extend(routes.iter().cloned());
        routes
    }

    /// Routes that a function's own attributes declare.
    fn declared_routes(&mut self, val: &Val, span: Span) -> Vec<Route> {
        let Some(Callable::Item(item)) = val.callable else {
            return Vec::new();
        };
        let attrs = &self.names().tree.item(item).item.attrs;
        let mut found: Vec<_> = attrs.iter().filter_map(attribute_route).collect();
        if found.is_empty() {
            found.extend(attrs.iter().filter_map(documented_route));
        }
        found
            .into_iter()
            .map(|(method, path)| self.new_route(method, path, HandlerRef::Fn(item), attr_span(span, item)))
            .collect()
    }

    /// A call of a foreign function: `get(index)`, `web::resource("/x")`, `service_fn(f)`.
    pub(super) fn web_call(&mut self, path: Sym, vals: &[Val], span: Span) -> Option<Arc<Web>> {
        let text = path.as_str();
        let name = last_part(text);
        let text_arg = vals.iter().find_map(|val| val.literal.clone());
        let documented = name.strip_suffix("_with");
        if let Some(method) = verb(documented.unwrap_or(name)) {
            // `get_with(list, |op| op.id("list"))`: what documents a route is no handler.
            let vals = if documented.is_some() { &vals[..vals.len().min(1)] } else { vals };
            let handlers: Vec<HandlerRef> = vals.iter().filter_map(|val| self.handler(val)).collect();
            if !handlers.is_empty() || vals.is_empty() && is_web_path(text) {
                let method = (method != "ANY").then_some(method);
                let routes = handlers
                    .into_iter()
                    .map(|handler| self.new_route(method, String::new(), handler, span))
                    .collect();
                return Some(Arc::new(Web { method, routes, ..Web::default() }));
            }
        }
        match name {
            "service_fn"
            | "from_fn"
            | "from_fn_with_state"
            | "make_service_fn"
            | "handler_fn"
            | "wrap_fn"
            | "to"
            | "handler"
            | "map_request"
            | "map_response"
            | "and_then_request"
            | "on"
            | "service"
            | "get_service"
            | "async_service_fn"
            | "fn_service"
            | "fn_factory"
            | "fn_factory_with_config"
            | "from_extractor_with_state"
            | "middleware_fn"
            | "BoxCloneService"
            | "handle_error"
            | "make_handler"
            | "on_connection"
            | "register"
            | "to_async" => {
                let handlers: Vec<HandlerRef> = vals.iter().filter_map(|val| self.handler(val)).collect();
                if handlers.is_empty() {
                    return None;
                }
                let region = self.region;
                self.out.handlers.extend(handlers.iter().map(|handler| (*handler, region)));
                let layers = match name {
                    "to" | "handler" | "service" | "on" | "register" => Vec::new(),
                    _ => handlers.clone(),
                };
                let routes = match name {
                    "to" => handlers
                        .into_iter()
                        .map(|handler| self.new_route(None, String::new(), handler, span))
                        .collect(),
                    _ => Vec::new(),
                };
                Some(Arc::new(Web { routes, layers, ..Web::default() }))
            }
            "resource" | "scope" | "path" | "with_path" | "prefix" | "nest" => {
                let path = text_arg.map(|text| slashed(&text))?;
                Some(Arc::new(Web { path, ..Web::default() }))
            }
            _ if is_web_path(text) && text.starts_with("warp::") => Some(Arc::default()),
            _ => None,
        }
    }

    /// `router.nest("/api", inner)`, `resource.route(..)`, `filter.and_then(handler)`.
    pub(super) fn web_method(&mut self, recv: &Val, name: Sym, vals: &[Val], span: Span) -> Option<Arc<Web>> {
        let documented = recv.web.as_ref().and_then(|_| name.as_str().strip_suffix("_with"));
        let (name, vals) = match documented.filter(|name| verb(name).is_some()) {
            Some(name) => (name, &vals[..vals.len().min(1)]),
            None => (name.as_str(), vals),
        };
        let routed = recv.web.is_some() || vals.iter().any(|val| val.web.is_some()) || router_type(&recv.ty);
        let named = vals.iter().any(|val| matches!(val.callable, Some(Callable::Item(_))));
        let texts = vals.iter().any(|val| val.literal.is_some());
        if !routed && !named && !texts && name != "on_upgrade" {
            // Almost every call.
            return None;
        }
        let literal = vals.iter().find_map(|val| val.literal.clone());
        let adds = matches!(
            name,
            "to" | "handler"
                | "ns"
                | "on"
                | "on_connect"
                | "add_method"
                | "add_sync_method"
                | "register_method"
                | "register_async_method"
                | "register_subscription"
                | "fallback"
                | "fallback_service"
                | "wrap_fn"
                | "default_service"
                | "with_handler"
                | "goal"
                | "route_service"
                | "on_upgrade"
                | "hoop"
                | "around"
                | "on_disconnect"
                | "add_notification"
                | "on_fallback"
                | "map_request"
                | "method_not_allowed_fallback"
                | "default_handler"
                | "endpoint"
                | "catch_panic"
                | "dyn_ns"
                | "before"
                | "after"
                | "data_fn"
                | "to_async"
        );
        let filters = matches!(name, "and_then" | "then" | "map" | "untuple_one" | "recover" | "with")
            && recv.web.is_some();
        let mut web = recv.web.as_deref().cloned().unwrap_or_default();
        let layers = layers::is_layering(name);
        let speaks = adds || verb(name).is_some() || matches!(name, "route" | "service" | "configure");
        let shows = named || literal.is_some() && adds || name == "on_upgrade";
        let starts = name == "at" && vals.len() == 1 && literal.is_some();
        if !(routed || speaks && shows || starts) {
            return None;
        }
        let before = web.routes.len();
        if layers {
            self.put_around(name, &mut web, vals);
        }
        if let ("at", [_], Some(path)) = (name, vals, &literal) {
            // tide: what a server is asked for starts anew with each path.
            let whole = matches!(recv.ty.value(), T::Ext(path, _) if last_part(path.as_str()) == "Server");
            web.path = if whole { join("", path) } else { join(&web.path, path) };
        } else if let Some(method) = verb(name) {
            let mut path = web.path.clone();
            if let Some(text) = &literal {
                path = join(&path, text);
            }
            for val in vals {
                if let Some(handler) = self.handler(val) {
                    let method = (name != "any").then_some(method);
                    let route = self.new_route(method, path.clone(), handler, span);
                    web.routes.push(route);
                }
            }
            if vals.is_empty() {
                web.method = Some(method);
            }
        } else if adds || filters || name == "route" && named {
            for val in vals {
                if let Some(handler) = self.handler(val) {
                    if matches!(
                        name,
                        "map" | "and_then" | "then" | "to" | "handler" | "route" | "goal" | "endpoint"
                    ) {
                        let path = literal.as_deref().map_or(web.path.clone(), |text| join(&web.path, text));
                        let route = self.new_route(web.method, path, handler, span);
                        web.routes.push(route);
                    } else if matches!(
                        name,
                        "ns" | "on" | "add_method" | "register_method" | "register_async_method"
                    ) {
                        let event = literal.as_deref().unwrap_or_default();
                        let route =
                            self.new_route(Some(Ustr::from("EVENT")), event.to_string(), handler, span);
                        web.routes.push(route);
                    } else {
                        self.out.handlers.push((handler, self.region));
                    }
                }
            }
        }
        if !layers {
            self.take_in(name, &mut web, vals, literal.as_deref(), span);
        }
        self.take_under(&web, before);
        Some(Arc::new(web))
    }

    /// Adds the routes that the arguments bring along.
    fn take_in(&mut self, name: &str, web: &mut Web, vals: &[Val], literal: Option<&str>, span: Span) {
        let joins_filters = name == "and";
        for val in vals {
            if matches!(name, "service" | "mount" | "register" | "routes" | "route") {
                let declared = self.declared_routes(val, span);
                let path = literal.map_or(web.path.clone(), |text| join(&web.path, text));
                let declared = self.prefixed(&path, &declared);
                web.routes.extend(declared);
            }
            if name == "configure"
                && let Some(Callable::Item(item)) = val.callable
            {
                let summary = self.ev.summary(item);
                for (_, inner) in &summary.param_web {
                    let routes = self.prefixed(&web.path.clone(), &inner.routes);
                    web.routes.extend(routes);
                }
            }
            let Some(inner) = val.web.clone() else {
                continue;
            };
            if joins_filters {
                let path = web.path.clone();
                let mut routes =
                    if path.is_empty() { inner.routes.clone() } else { self.prefixed(&path, &inner.routes) };
                for route in &mut routes {
                    route.method = route.method.or(web.method);
                }
                web.routes.extend(routes);
                web.path = join(&web.path, &inner.path);
                web.method = web.method.or(inner.method);
                continue;
            }
            if matches!(name, "or" | "unify") {
                web.routes.extend(inner.routes.iter().cloned());
                web.path.clear();
                web.method = None;
                continue;
            }
            let prefix = match literal {
                Some(text) => join(&web.path, text),
                None => web.path.clone(),
            };
            let routes =
                if prefix.is_empty() { inner.routes.clone() } else { self.prefixed(&prefix, &inner.routes) };
            for mut route in routes {
                if route.method.is_none() {
                    route.method = web.method;
                }
                web.routes.push(route);
            }
            if name == "guard" || name == "method" {
                web.method = web.method.or(inner.method);
            }
        }
    }

    /// `routes![a, b]`, `warp::path!("a" / u32)`, `catchers![..]`.
    pub(super) fn web_macro(&mut self, name: Sym, args: &'a [ExprId], span: Span) -> Option<Val> {
        match name.as_str() {
            "routes" | "openapi_get_routes" | "openapi_routes" | "catchers" | "services" | "handlers" => {
                let mut web = Web::default();
                for arg in args {
                    let val = self.value(*arg);
                    let routes = self.declared_routes(&val, span);
                    if routes.is_empty()
                        && let Some(handler) = self.handler(&val)
                    {
                        self.out.handlers.push((handler, self.region));
                    }
                    web.routes.extend(routes);
                }
                Some(Val { web: Some(Arc::new(web)), ..Val::default() })
            }
            "path" => {
                let mut path = String::new();
                for arg in args {
                    self.path_parts(*arg, &mut path);
                }
                Some(Val { web: Some(Arc::new(Web { path, ..Web::default() })), ..Val::default() })
            }
            _ => None,
        }
    }

    /// `"a" / u32 / "b"` parses as divisions.
    fn path_parts(&self, id: ExprId, out: &mut String) {
        use crate::facts::ExprKind;
        match self.body.kind(id) {
            ExprKind::Binary { left, right, .. } => {
                self.path_parts(*left, out);
                self.path_parts(*right, out);
            }
            ExprKind::Str(text) => {
                out.push('/');
                out.push_str(text.trim_matches('/'));
            }
            ExprKind::Path(_) => out.push_str("/{}"),
            _ => {}
        }
    }
}

/// One position for each declared function, however often it is listed.
fn attr_span(span: Span, item: ItemId) -> Span {
    Span { start: span.start.wrapping_add(item.0), end: span.end }
}

pub(super) fn router_type(ty: &T) -> bool {
    match ty.value() {
        T::Ext(path, _) => matches!(
            last_part(path.as_str()),
            "Router"
                | "Route"
                | "App"
                | "Scope"
                | "Resource"
                | "ServiceConfig"
                | "Rocket"
                | "MethodRouter"
                | "SocketIo"
                | "IoHandler"
                | "MetaIoHandler"
                | "RpcModule"
                | "ApiRouter"
                | "OpenApiRouter"
                | "Server"
                | "SocketRef"
                | "MethodRoute"
                | "WebSocketUpgrade"
                | "Ws"
                | "RouteMethod"
                | "Namespace"
        ),
        _ => false,
    }
}

fn is_web_path(path: &str) -> bool {
    let root = path.split("::").next().unwrap_or_default();
    matches!(
        root,
        "axum"
            | "actix_web"
            | "warp"
            | "poem"
            | "salvo"
            | "rocket"
            | "tide"
            | "ntex"
            | "web"
            | "gotham"
            | "xitca_web"
    )
}

fn slashed(path: &str) -> String {
    if path.is_empty() || path.starts_with('/') { path.to_string() } else { format!("/{path}") }
}

/// Joins two parts of a route with one slash between them.
pub(crate) fn join(prefix: &str, path: &str) -> String {
    let prefix = prefix.trim_end_matches('/');
    if path.is_empty() || path == "/" && !prefix.is_empty() {
        return slashed(prefix);
    }
    slashed(&format!("{prefix}/{}", path.trim_start_matches('/')))
}
