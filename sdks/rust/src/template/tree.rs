//! The template language as a tree: what can't be written here, no template can do.

use serde_json::Value;

#[derive(Debug)]
pub(super) enum Node {
    /// Characters as they are.
    Text(String),
    Print(Operand),
    If {
        branches: Vec<(Condition, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    For {
        variable: String,
        items: Path,
        body: Vec<Node>,
        otherwise: Vec<Node>,
        at: usize,
    },
    Include {
        name: String,
        at: usize,
    },
}

/// A value, perhaps filtered.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) base: Base,
    pub(super) filters: Vec<Filter>,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) enum Base {
    Literal(Value),
    Path(Path),
}

/// `name.field.field`
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) root: String,
    pub(super) fields: Vec<String>,
    pub(super) at: usize,
}

impl Path {
    pub(super) fn written(&self) -> String {
        let mut text = self.root.clone();
        for field in &self.fields {
            text.push('.');
            text.push_str(field);
        }
        text
    }
}

#[derive(Debug)]
pub(super) struct Filter {
    pub(super) kind: FilterKind,
    pub(super) argument: Option<Base>,
    pub(super) at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilterKind {
    Default,
    Join,
    Length,
    Lower,
    ToJson,
    Trim,
    Upper,
}

impl FilterKind {
    pub(super) const NAMES: &'static str = "default, join, length, lower, tojson, trim and upper";

    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "default" => Self::Default,
            "join" => Self::Join,
            "length" => Self::Length,
            "lower" => Self::Lower,
            "tojson" => Self::ToJson,
            "trim" => Self::Trim,
            "upper" => Self::Upper,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Join => "join",
            Self::Length => "length",
            Self::Lower => "lower",
            Self::ToJson => "tojson",
            Self::Trim => "trim",
            Self::Upper => "upper",
        }
    }
}

/// What an `if` asks.
#[derive(Debug)]
pub(super) enum Condition {
    Holds(Operand),
    Defined(Path),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Compare(Operand, Comparison, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}
