//! The domain from outside: tables, properties, and cases that other languages run too.

mod graders;
mod template;
