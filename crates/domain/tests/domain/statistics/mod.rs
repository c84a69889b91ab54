//! Statistics: reference values of others, exact error rates, properties, tables.

mod exact;
mod gate;
mod kappa;
mod planning;
mod properties;
mod reference;
mod shown;
