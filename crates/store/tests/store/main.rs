//! The store from outside: real files, real other processes, real kills.

mod child;
mod damage;
mod destroy;
mod drafts;
mod finding;
mod keeping;
mod maker;
mod marks;
mod opening;
mod outbox;
mod processes;
mod properties;
mod replica;
mod trying;
