//! Texts and tags: what stands between `{{ }}` and `{% %}`, and which block each end closes.

use super::super::tree::{Base, Condition, Node, Operand, Path, Span};
use super::super::{Code, Fault};
use super::{Open, Parser};
use minijinja::machinery::Token;
use serde_json::Value;

/// The tags of Jinja that the subset leaves out, with what to do instead.
const LEFT_OUT: &[(&str, &str)] = &[
    ("set", "let the application pass the value as an input"),
    ("macro", "put the text into a snippet and include it"),
    ("call", "put the text into a snippet and include it"),
    ("import", "write {% include \"name\" %}"),
    ("from", "write {% include \"name\" %}"),
    ("extends", "write {% include \"name\" %}"),
    ("block", "write {% include \"name\" %}"),
    ("with", "use the value by its own name"),
    ("filter", "filter each value: {{ name|upper }}"),
    ("autoescape", "remove it: texts are never escaped"),
    ("do", "remove it"),
    ("break", "let the application pass a shorter list"),
    ("continue", "put what follows into {% if %}"),
    ("trans", "keep a prompt for each language"),
];

/// How a body ended.
enum Ending {
    Elif,
    Else,
    Close,
    /// By the end of the text, or by a tag that closes a block further out.
    Unclosed,
}

impl<'a> Parser<'a> {
    pub(super) fn document(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        while self.at < self.tokens.len() {
            // At the top every ending is stray and was told; what follows is read on.
            self.body(&mut nodes);
        }
        nodes
    }

    fn body(&mut self, nodes: &mut Vec<Node>) -> Ending {
        loop {
            let span = self.span();
            match self.peek() {
                None => return Ending::Unclosed,
                Some(Token::TemplateData(text)) => {
                    nodes.push(Node::Text((*text).to_owned()));
                    self.at += 1;
                }
                Some(Token::VariableStart) => {
                    self.at += 1;
                    match self.print(span.start) {
                        Ok(operand) => nodes.push(Node::Print(operand)),
                        Err(fault) => self.recover(fault),
                    }
                }
                Some(Token::BlockStart) => {
                    let start = self.at;
                    self.at += 1;
                    if let Some(ending) = self.tag(start, &span, nodes) {
                        return ending;
                    }
                }
                Some(_) => self.skip_tag(),
            }
        }
    }

    fn recover(&mut self, fault: Fault) {
        self.blame(fault);
        self.skip_tag();
    }

    fn print(&mut self, start: usize) -> Result<Operand, Fault> {
        let mut operand = self.operand()?;
        match self.peek() {
            Some(Token::VariableEnd) => {
                self.at += 1;
                operand.span = start..self.reached();
                Ok(operand)
            }
            _ => Err(self.unexpected("}}", start)),
        }
    }

    /// One `{% … %}`; an ending is handed to whoever reads the body that it ends.
    fn tag(&mut self, start: usize, opening: &Span, nodes: &mut Vec<Node>) -> Option<Ending> {
        let Some(Token::Ident(word)) = self.peek() else {
            let fault = Fault::new(
                Code::Syntax,
                "a tag begins with if, for or include, as in {% if name %}",
                opening.start..self.span().end,
            );
            self.recover(fault);
            return None;
        };
        let word = *word;
        let named = opening.start..self.span().end;
        self.at += 1;
        match word {
            "if" => self.nested(Open::If, named, nodes),
            "for" => self.nested(Open::For, named, nodes),
            "include" => match self.include(opening.start) {
                Ok(node) => nodes.push(node),
                Err(fault) => self.recover(fault),
            },
            "else" | "elif" | "endif" | "endfor" => return self.ending(word, start, named),
            _ => {
                if let Some(fault) = left_out(word, named) {
                    self.blame(fault);
                }
                self.skip_tag();
            }
        }
        None
    }

    fn nested(&mut self, kind: Open, named: Span, nodes: &mut Vec<Node>) {
        self.open.push(kind);
        let read = self.descend(named.clone(), |parser| match kind {
            Open::If => Ok(parser.if_block(named)),
            Open::For => Ok(parser.for_block(named)),
        });
        self.open.pop();
        match read {
            Ok(node) => nodes.push(node),
            // Too deep: whatever follows would only repeat it.
            Err(fault) => {
                self.blame(fault);
                self.at = self.tokens.len();
                self.cut_short = true;
            }
        }
    }

    fn ending(&mut self, word: &str, start: usize, named: Span) -> Option<Ending> {
        let closes = |open: Open| match word {
            "endif" | "elif" => open == Open::If,
            "endfor" => open == Open::For,
            _ => true,
        };
        match self.open.last() {
            Some(open) if closes(*open) => Some(match word {
                "elif" => Ending::Elif,
                "else" => Ending::Else,
                _ => Ending::Close,
            }),
            Some(_) if self.open.iter().any(|open| closes(*open)) => {
                // It closes a block further out: the one in between is missing its end.
                self.at = start;
                Some(Ending::Unclosed)
            }
            _ => {
                let opener = if word == "endfor" { "for" } else { "if" };
                self.recover(Fault::new(
                    Code::Syntax,
                    format!(
                        "this {{% {word} %}} belongs to no {{% {opener} %}} before it: remove it"
                    ),
                    named,
                ));
                None
            }
        }
    }

    fn if_block(&mut self, named: Span) -> Node {
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        let mut condition = self.tag_condition();
        loop {
            let mut body = Vec::new();
            let ending = self.body(&mut body);
            branches.push((condition, body));
            match ending {
                Ending::Elif => condition = self.tag_condition(),
                Ending::Else => {
                    self.tag_end();
                    self.last_body(&mut otherwise, &named, "if");
                    break;
                }
                Ending::Close => {
                    self.tag_end();
                    break;
                }
                Ending::Unclosed => {
                    self.unclosed(&named, "if");
                    break;
                }
            }
        }
        Node::If {
            branches,
            otherwise,
        }
    }

    fn for_block(&mut self, named: Span) -> Node {
        let start = named.start;
        let head = self.for_head();
        let (variable, list) = match head {
            Ok(head) => {
                self.tag_end();
                head
            }
            Err(fault) => {
                let span = fault.span.clone();
                self.recover(fault);
                // What stands in the body is still read, with a variable that nothing can name.
                (
                    String::new(),
                    Path {
                        root: String::new(),
                        fields: Vec::new(),
                        span,
                    },
                )
            }
        };
        let span = start..self.reached();
        let (mut body, mut otherwise) = (Vec::new(), Vec::new());
        match self.body(&mut body) {
            Ending::Else => {
                self.tag_end();
                self.last_body(&mut otherwise, &named, "for");
            }
            Ending::Close => self.tag_end(),
            Ending::Elif | Ending::Unclosed => self.unclosed(&named, "for"),
        }
        Node::For {
            variable,
            list,
            body,
            otherwise,
            span,
        }
    }

    /// The body behind `else`: only the block's own end may follow it.
    fn last_body(&mut self, body: &mut Vec<Node>, named: &Span, word: &str) {
        loop {
            match self.body(body) {
                Ending::Close => return self.tag_end(),
                Ending::Unclosed => return self.unclosed(named, word),
                Ending::Else | Ending::Elif => {
                    let opening = self.at.checked_sub(2).and_then(|at| self.tokens.get(at));
                    let span = opening.map_or(0, |(_, span)| span.start)..self.reached();
                    self.recover(Fault::new(
                        Code::Syntax,
                        format!("nothing but {{% end{word} %}} can follow {{% else %}}"),
                        span,
                    ));
                }
            }
        }
    }

    fn unclosed(&mut self, named: &Span, word: &str) {
        if !self.cut_short {
            self.blame(Fault::new(
                Code::Syntax,
                format!("this {{% {word} %}} is not closed: add {{% end{word} %}} where it ends"),
                named.clone(),
            ));
        }
    }

    fn tag_condition(&mut self) -> Condition {
        match self.condition() {
            Ok(condition) => {
                self.tag_end();
                condition
            }
            Err(fault) => {
                let span = fault.span.clone();
                self.recover(fault);
                let base = Base::Literal(Value::Bool(true));
                Condition::Holds(Operand {
                    base,
                    filters: Vec::new(),
                    span,
                })
            }
        }
    }

    fn tag_end(&mut self) {
        if matches!(self.peek(), Some(Token::BlockEnd)) {
            self.at += 1;
        } else {
            let start = self.reached();
            let fault = self.unexpected("%}", start);
            self.recover(fault);
        }
    }

    fn for_head(&mut self) -> Result<(String, Path), Fault> {
        let variable = match self.peek() {
            Some(Token::Ident(name)) if !super::expressions::is_reserved(name) => {
                (*name).to_owned()
            }
            _ => return Err(self.expected("a loop is written {% for item in items %}")),
        };
        self.at += 1;
        if matches!(self.peek(), Some(Token::Comma)) {
            return Err(Fault::new(
                Code::NotAllowed,
                "a loop has one variable: {% for item in items %}",
                self.span(),
            ));
        }
        if !self.take_word("in") {
            return Err(self.expected("a loop is written {% for item in items %}"));
        }
        let list = self.operand()?;
        match self.peek() {
            Some(Token::Ident("if")) => {
                return Err(Fault::new(
                    Code::NotAllowed,
                    "a loop can't choose among its items: put {% if %} inside it",
                    self.span(),
                ));
            }
            Some(Token::Ident("recursive")) => {
                return Err(Fault::new(
                    Code::NotAllowed,
                    "loops can't be recursive",
                    self.span(),
                ));
            }
            _ => {}
        }
        match list {
            Operand {
                base: Base::Path(path),
                filters,
                ..
            } if filters.is_empty() => Ok((variable, path)),
            other => Err(Fault::new(
                Code::NotAllowed,
                "a loop runs over an input that is a list, by its plain name or path",
                other.span,
            )),
        }
    }

    fn include(&mut self, start: usize) -> Result<Node, Fault> {
        let example = "an include names one snippet in quotes: {% include \"snippets/tone\" %}";
        let name = match self.peek() {
            Some(Token::Str(name)) => (*name).to_owned(),
            Some(Token::String(name)) => name.to_string(),
            Some(Token::BlockEnd) | None => return Err(self.expected(example)),
            Some(_) => return Err(Fault::new(Code::NotAllowed, example, self.span())),
        };
        self.at += 1;
        match self.peek() {
            Some(Token::BlockEnd) => {
                self.at += 1;
                Ok(Node::Include {
                    name,
                    span: start..self.reached(),
                })
            }
            Some(_) => Err(Fault::new(Code::NotAllowed, example, self.span())),
            None => Err(self.unexpected("%}", start)),
        }
    }
}

fn left_out(word: &str, span: Span) -> Option<Fault> {
    if let Some((_, instead)) = LEFT_OUT.iter().find(|(name, _)| *name == word) {
        let message = format!("{{% {word} %}} is not part of the template language: {instead}");
        return Some(Fault::new(Code::NotAllowed, message, span));
    }
    // The end of a tag that was refused already: one mark is enough.
    if word
        .strip_prefix("end")
        .is_some_and(|name| LEFT_OUT.iter().any(|(tag, _)| *tag == name))
    {
        return None;
    }
    let message = format!("there is no tag “{word}”; there are if, for and include");
    Some(Fault::new(Code::Syntax, message, span))
}
