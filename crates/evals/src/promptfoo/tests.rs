//! Tests as cases: values, what is expected, and who judges.

use super::asserts::Asserts;
use super::files::{Files, reference};
use super::left_out::Notes;
use super::tables;
use super::values::{as_text, filled, input_name, is_template, loaded};
use super::yaml::{Kind, Node};
use domain::dataset::{Case, Dataset};
use domain::graders::{Grader, Part};
use domain::limits;
use serde_json::{Map, Value};

/// How deep files of tests name files of tests.
const DEPTH: u8 = 3;

pub(super) struct Reader<'a> {
    files: &'a Files<'a>,
    asserts: Asserts<'a>,
    notes: &'a mut Notes,
    made: Vec<Made>,
}

/// A case before it is known which graders all cases have in common.
struct Made {
    case: Case,
    default: Vec<Part>,
    own: Vec<Part>,
    threshold: Option<f64>,
}

/// What holds for every test unless it says otherwise.
#[derive(Clone, Copy)]
struct Standing<'n> {
    file: &'n str,
    test: Option<&'n Node>,
    scenario: Option<&'n Node>,
}

impl<'a> Reader<'a> {
    pub fn new(files: &'a Files<'a>, asserts: Asserts<'a>, notes: &'a mut Notes) -> Self {
        Self {
            files,
            asserts,
            notes,
            made: Vec::new(),
        }
    }

    pub fn all(&mut self, root: &Node, file: &str) -> Dataset {
        let default = root.get("defaultTest").map(|node| self.default_test(node));
        let default = Standing {
            file,
            test: default.as_ref(),
            scenario: None,
        };
        if let Some(test) = default.test {
            self.say_what_is_left(test, "of defaultTest");
        }
        if let Some(tests) = root.get("tests") {
            self.list(tests, default, 0);
        }
        for scenario in root.get("scenarios").map_or(&[][..], Node::each) {
            self.scenario(scenario, default);
        }
        // Without tests the prompts are asked once, with nothing filled in but what is always.
        let has_vars = default.test.is_some_and(|test| test.get("vars").is_some());
        if self.made.is_empty() && has_vars && root.get("tests").is_none() {
            let empty = Node {
                line: root.line,
                kind: Kind::Fields(Vec::new()),
            };
            self.test(&empty, default);
        }
        hoisted(std::mem::take(&mut self.made))
    }

    fn default_test(&mut self, node: &Node) -> Node {
        let Some(path) = node.text().and_then(reference) else {
            return node.clone();
        };
        self.files.yaml(path).unwrap_or_else(|reason| {
            self.notes.add(node.line, path, reason);
            Node {
                line: node.line,
                kind: Kind::Null,
            }
        })
    }

    fn list(&mut self, tests: &Node, default: Standing<'_>, depth: u8) {
        for one in tests.each() {
            match &one.kind {
                Kind::Text(text) => self.file(text, one.line, default, depth),
                Kind::Fields(_) if one.get("path").is_some() && one.get("vars").is_none() => {
                    self.notes.add(
                        one.line,
                        "tests",
                        "are made by a program, and an import runs nothing",
                    );
                }
                Kind::Fields(_) => self.test(one, default),
                _ => self
                    .notes
                    .add(one.line, "a test", "is neither fields nor a file"),
            }
        }
    }

    fn file(&mut self, text: &str, line: u32, default: Standing<'_>, depth: u8) {
        let found = tables::path_of(text)
            .map_err(str::to_owned)
            .and_then(|path| self.files.meant(path));
        let paths = match found {
            Ok(paths) if depth < DEPTH => paths,
            Ok(_) => {
                return self
                    .notes
                    .add(line, text, "names files that name files that name files");
            }
            Err(why) => return self.notes.add(line, text, why),
        };
        for path in paths {
            match tables::tests(&path, self.files) {
                Ok(tests) => {
                    let before = self.notes.turn_to(&path);
                    let list = Node {
                        line: 1,
                        kind: Kind::List(tests),
                    };
                    self.list(&list, default, depth + 1);
                    self.notes.turn_to(&before);
                }
                Err(why) => self.notes.add(line, path, why),
            }
        }
    }

    fn scenario(&mut self, scenario: &Node, default: Standing<'_>) {
        if scenario.text().is_some() {
            return self
                .notes
                .add(scenario.line, "a scenario", "stands in a file of its own");
        }
        let nothing = Node {
            line: scenario.line,
            kind: Kind::Null,
        };
        let configs = scenario.get("config").unwrap_or(&nothing);
        for config in configs.each() {
            let default = Standing {
                scenario: Some(config),
                ..default
            };
            match scenario.get("tests") {
                Some(tests) => self.list(tests, default, 0),
                None => self.test(&nothing, default),
            }
        }
    }

    fn test(&mut self, test: &Node, default: Standing<'_>) {
        self.say_what_is_left(test, "of a test");
        let mut vars: Vec<(String, Value)> = Vec::new();
        for source in [default.test, default.scenario, Some(test)]
            .into_iter()
            .flatten()
        {
            self.add_vars(source, &mut vars);
        }
        let option = |name: &str| {
            let options = test.get("options")?;
            matches!(options.get(name)?.kind, Kind::Bool(true)).then_some(())
        };
        let whole = option("disableVarExpansion").is_some();
        let made = combinations(&vars);
        if !whole && made > limits::CASES {
            return self.notes.add(
                test.line,
                "a test",
                format!(
                    "has more than {} combinations of its variables; at most so many cases fit",
                    limits::CASES
                ),
            );
        }
        let rows = if whole {
            vec![vars.into_iter().collect()]
        } else {
            expanded(&vars)
        };
        for vars in rows {
            if self.made.len() >= limits::CASES {
                return self.notes.add(
                    test.line,
                    "a test",
                    format!("is one more than the {} cases that fit", limits::CASES),
                );
            }
            let vars = self.rendered(&vars, test.line);
            let mut default_parts = Vec::new();
            for source in [default.test, default.scenario].into_iter().flatten() {
                let list = source.get("assert");
                let wanted = option("disableDefaultAsserts").is_none();
                if let Some(list) = list.filter(|_| wanted) {
                    let before = self.notes.turn_to(default.file);
                    default_parts.extend(self.asserts.parts(list, &vars, self.notes));
                    self.notes.turn_to(&before);
                }
            }
            let own = test
                .get("assert")
                .map_or_else(Vec::new, |list| self.asserts.parts(list, &vars, self.notes));
            let threshold = test
                .get("threshold")
                .or_else(|| default.test?.get("threshold"));
            let mut made = Made {
                case: self.case(test, vars),
                default: default_parts,
                own,
                threshold: threshold.and_then(Node::number),
            };
            made.say_what_is_expected();
            self.made.push(made);
        }
    }

    fn case(&mut self, test: &Node, vars: Map<String, Value>) -> Case {
        let mut case = Case {
            id: (self.made.len() + 1).to_string(),
            note: test
                .get("description")
                .and_then(Node::text)
                .unwrap_or_default()
                .to_owned(),
            ..Case::default()
        };
        for (name, value) in vars {
            let plain = input_name(&name);
            if plain != name {
                self.notes.add(
                    test.line,
                    format!("the variable {name}"),
                    format!("is called {plain} here, as inputs hold only letters, digits and _"),
                );
            }
            case.inputs.insert(plain, value);
        }
        if let Some(metadata) = test.get("metadata") {
            case.other.insert("metadata".to_owned(), metadata.value());
        }
        case
    }

    fn add_vars(&mut self, source: &Node, vars: &mut Vec<(String, Value)>) {
        let Some(node) = source.get("vars") else {
            return;
        };
        let read;
        let node = match node.text() {
            Some(text) => match tables::path_of(text)
                .map_err(str::to_owned)
                .and_then(|path| self.files.yaml(path))
            {
                Ok(found) => {
                    read = found;
                    &read
                }
                Err(why) => return self.notes.add(node.line, text, why),
            },
            None => node,
        };
        for (name, value) in node.fields() {
            match loaded(value, self.files) {
                Ok(value) => {
                    vars.retain(|(known, _)| known != name);
                    vars.push((name.clone(), value));
                }
                Err(why) => self
                    .notes
                    .add(value.line, format!("the variable {name}"), why),
            }
        }
    }

    /// Values may name other values.
    fn rendered(&mut self, vars: &Map<String, Value>, line: u32) -> Map<String, Value> {
        let mut done = vars.clone();
        for (name, value) in vars.iter().filter(|(_, value)| is_template(value)) {
            match filled(value, vars) {
                Ok(value) => {
                    done.insert(name.clone(), value);
                }
                Err(why) => self.notes.add(
                    line,
                    format!("the variable {name}"),
                    format!("{why}; it is kept as it is written"),
                ),
            }
        }
        done
    }

    fn say_what_is_left(&mut self, test: &Node, of: &str) {
        for (name, node) in test.fields() {
            if matches!(node.kind, Kind::Null) {
                continue;
            }
            match name.as_str() {
                "vars" | "assert" | "description" | "threshold" | "metadata" => {}
                "options" => {
                    for (name, node) in node.fields() {
                        let why = match name.as_str() {
                            "disableVarExpansion" | "disableDefaultAsserts" => continue,
                            "transform" | "postprocess" | "transformVars" => {
                                "is a program, and an import runs nothing: graders see the answer as it is"
                            }
                            "provider" | "rubricPrompt" => {
                                "says which model judges, which Galley's graders are not yet"
                            }
                            "prefix" | "suffix" => {
                                "changes the prompt for one test; put it in the prompt as an input"
                            }
                            _ => "is nothing that Galley has",
                        };
                        self.notes
                            .add(node.line, format!("options.{name} {of}"), why);
                    }
                }
                _ => {
                    let why = match name.as_str() {
                        "provider" | "providers" | "prompts" => {
                            "says what to run, which a run here says for itself"
                        }
                        "providerOutput" | "__providerOutput" => {
                            "is an answer that is there already; Galley asks"
                        }
                        "assertScoringFunction" => "is a program, and an import runs nothing",
                        _ => "is nothing that Galley has",
                    };
                    self.notes.add(node.line, format!("{name} {of}"), why);
                }
            }
        }
    }
}

/// What a variable may be, one after another: the entries of a list of plain values.
fn choices(value: &Value) -> &[Value] {
    match value {
        Value::Array(list)
            if !list.is_empty() && list.iter().all(|one| !one.is_object() && !one.is_array()) =>
        {
            list
        }
        other => std::slice::from_ref(other),
    }
}

/// How many combinations there are, before any is made.
fn combinations(vars: &[(String, Value)]) -> usize {
    let each = vars.iter().map(|(_, value)| choices(value).len());
    each.fold(1, usize::saturating_mul)
}

/// Every combination of what stands in lists.
fn expanded(vars: &[(String, Value)]) -> Vec<Map<String, Value>> {
    let mut rows = vec![Map::new()];
    for (name, value) in vars {
        let choices = choices(value);
        let more = rows.iter().flat_map(|row: &Map<String, Value>| {
            choices.iter().map(|choice| {
                let mut row = row.clone();
                row.insert(name.clone(), choice.clone());
                row
            })
        });
        rows = more.collect();
    }
    rows
}

impl Made {
    /// Where one assertion says what the answer should be, or hold, the case says it instead: it
    /// is seen and changed in the grid.
    fn say_what_is_expected(&mut self) {
        let mut parts: Vec<&mut Part> = self.default.iter_mut().chain(&mut self.own).collect();
        let exact = parts
            .iter()
            .filter(|part| matches!(part.grader, Grader::Exact { .. }))
            .count();
        let holds = |grader: &Grader| {
            matches!(grader, Grader::Contains { all, any, none, .. }
            if all.len() == 1 && any.is_empty() && none.is_empty())
        };
        let contains = parts.iter().filter(|part| holds(&part.grader)).count();
        for part in &mut parts {
            match &mut part.grader {
                Grader::Exact { expected, .. } if exact == 1 => {
                    self.case.expected = expected.take();
                }
                grader if exact == 0 && contains == 1 && holds(grader) => {
                    if let Grader::Contains { all, .. } = grader {
                        self.case.expected = all.pop().map(Value::String);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Cases with their graders; those that every case has are the dataset's.
fn hoisted(made: Vec<Made>) -> Dataset {
    let plain = made.iter().all(|one| one.threshold.is_none());
    let first = made.first();
    let same_default =
        plain && first.is_some_and(|first| made.iter().all(|one| one.default == first.default));
    let same_own = plain && first.is_some_and(|first| made.iter().all(|one| one.own == first.own));
    let shared = first.map_or_else(Vec::new, |first| {
        let default = first.default.iter().filter(|_| same_default);
        default
            .chain(first.own.iter().filter(|_| same_own))
            .cloned()
            .collect()
    });
    let cases = made.into_iter().map(|one| {
        let default = one.default.into_iter().filter(|_| !same_default);
        let parts = default
            .chain(one.own.into_iter().filter(|_| !same_own))
            .collect();
        Case {
            graders: graders(parts, one.threshold),
            ..one.case
        }
    });
    Dataset {
        cases: cases.collect(),
        graders: graders(shared, None),
        ..Dataset::default()
    }
}

/// Without weights and a threshold each grader stands for itself.
fn graders(parts: Vec<Part>, least: Option<f64>) -> Vec<Grader> {
    let even = parts.iter().all(|part| (part.weight - 1.0).abs() < 1e-12);
    let counts = parts.iter().any(|part| part.weight > 0.0);
    if !counts {
        return Vec::new();
    }
    if !even || least.is_some() {
        return vec![Grader::Together { parts, least }];
    }
    let alone = |part: Part| match part.name {
        None => part.grader,
        Some(_) => Grader::Together {
            parts: vec![part],
            least: None,
        },
    };
    parts.into_iter().map(alone).collect()
}

/// The text of a value, for inputs that are texts.
pub(super) fn texts(value: &Value) -> Value {
    Value::String(as_text(value))
}
