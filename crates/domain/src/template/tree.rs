//! The subset as a tree: what can be written here is all that a template can do.
//!
//! Every node keeps the bytes it came from, so that an error met while rendering has its place too.

use serde_json::Value;
use std::ops::Range;

/// Bytes of the source.
pub(super) type Span = Range<usize>;

/// One piece of a text.
#[derive(Debug)]
pub(super) enum Node {
    /// Characters as they are.
    Text(String),
    /// `{{ … }}`
    Print(Operand),
    /// `{% if %} … {% elif %} … {% else %} … {% endif %}`; the first branch that holds is written.
    If {
        branches: Vec<(Condition, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    /// `{% for variable in list %} … {% else %} … {% endfor %}`
    For {
        variable: String,
        list: Path,
        body: Vec<Node>,
        otherwise: Vec<Node>,
        span: Span,
    },
    /// `{% include "name" %}`
    Include { name: String, span: Span },
}

/// A value, perhaps filtered.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) base: Base,
    pub(super) filters: Vec<Filter>,
    pub(super) span: Span,
}

/// Where a value comes from.
#[derive(Debug)]
pub(super) enum Base {
    /// Written in the template.
    Literal(Value),
    /// An input, a loop's variable, or a field below one.
    Path(Path),
}

/// `name.field.field`
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) root: String,
    pub(super) fields: Vec<String>,
    pub(super) span: Span,
}

impl Path {
    /// As it is written.
    pub(super) fn written(&self) -> String {
        let mut text = self.root.clone();
        for field in &self.fields {
            text.push('.');
            text.push_str(field);
        }
        text
    }
}

/// One filter and its argument.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) kind: FilterKind,
    pub(super) argument: Option<Base>,
    pub(super) span: Span,
}

/// The filters there are.
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
    /// Not empty, not zero, not false.
    Holds(Operand),
    /// `path is defined`
    Defined(Path),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Compare(Operand, Comparison, Operand, Span),
}

impl Condition {
    /// Where it stands; of several joined, the first.
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Holds(operand) | Self::Compare(operand, ..) => operand.span.clone(),
            Self::Defined(path) => path.span.clone(),
            Self::Not(inner) | Self::And(inner, _) | Self::Or(inner, _) => inner.span(),
        }
    }
}

/// How two values are compared.
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
