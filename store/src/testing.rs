//! For tests: the conformance suite, faults on purpose, several instances of a service in one
//! process, the lock file of stored layouts, and real servers.
//!
//! Behind the feature `testing`. Nothing in here belongs into a service.

pub mod chaos;
pub mod conformance;
pub mod instances;
pub mod layouts;
pub mod servers;
mod shape;
