//! Reading a grader that somebody has typed: a field that no grader has is a slip, and what was
//! meant by it would be left out of the verdict unsaid. What was saved before is read as it stands.

use super::{Grader, Part};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Why a typed grader is none.
#[derive(Debug, thiserror::Error)]
pub enum TypedError {
    /// No JSON, or no grader.
    #[error("{0}")]
    NotRead(#[from] serde_json::Error),
    /// A field that it has not.
    #[error("{of} has no field “{field}”")]
    NoField {
        /// What it says it is.
        of: String,
        /// The field.
        field: String,
    },
}

impl Grader {
    /// Reads what somebody has typed.
    ///
    /// # Errors
    /// It is no grader, or has a field that its kind has not.
    pub fn typed(text: &str) -> Result<Self, TypedError> {
        let value: Value = serde_json::from_str(text)?;
        let grader = serde_json::from_value(value.clone())?;
        check(&value)?;
        Ok(grader)
    }
}

fn check(grader: &Value) -> Result<(), TypedError> {
    let kind = grader.get("type").and_then(Value::as_str);
    fields::<Grader>(grader, kind.unwrap_or("a grader"))?;
    if let Some(inner) = grader.get("grader").filter(|inner| inner.is_object()) {
        check(inner)?;
    }
    let parts = grader.get("parts").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        fields::<Part>(part, "a part")?;
        if let Some(inner) = part.get("grader") {
            check(inner)?;
        }
    }
    Ok(())
}

// A field that is known has a type, or is kept as it is: what stands in it can't be put in the place
// of anything else unnoticed. One that is unknown can.
fn fields<T: DeserializeOwned + PartialEq>(value: &Value, of: &str) -> Result<(), TypedError> {
    let Some(object) = value.as_object() else {
        return Ok(());
    };
    let own: T = serde_json::from_value(value.clone())?;
    for field in object.keys() {
        let mut other = object.clone();
        other.insert(field.clone(), json!({"": [[null]]}));
        let read = serde_json::from_value::<T>(Value::Object(other));
        if read.is_ok_and(|read| read == own) {
            return Err(TypedError::NoField {
                of: of.to_owned(),
                field: field.clone(),
            });
        }
    }
    Ok(())
}
