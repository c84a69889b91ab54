//! The domain from outside: tables, properties, and cases that other languages run too.

mod batches;
mod canonical;
mod diff;
mod edits_table;
mod freeze;
mod gate;
mod graders;
mod hostile;
mod ledger;
mod merge;
mod merges_table;
mod replay;
mod rules_data;
mod rules_environments;
mod rules_keys;
mod rules_people;
mod rules_permissions;
mod rules_prompts;
mod rules_releases;
mod rules_reverts;
mod rules_versions;
mod support;
mod tampering;
mod template;
mod template_properties;
