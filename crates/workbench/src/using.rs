//! How an application reads what an environment serves: ready code with the right names in it, and
//! never a key.

use crate::reading::Reading;
use crate::views::{CodeSample, UseView};
use crate::{Error, Workbench, words};
use domain::content::{Kind, Message};
use domain::template::Template;
use domain::{EnvironmentId, ProjectId, PromptId, VersionContent};

/// What stands in code where nobody can tell the address yet.
const SOME_ADDRESS: &str = "https://galley.example";

/// What the code is made of.
struct Filled {
    address: String,
    prompt: String,
    /// The inputs that a call must give, as they may be called in a program.
    inputs: Vec<String>,
    /// The names of the places where a conversation goes.
    placeholders: Vec<String>,
    /// Whether it is a conversation or one text.
    kind: Kind,
}

impl Workbench {
    /// Code with which an application reads a prompt from an environment.
    ///
    /// # Errors
    /// The environment or the prompt is not there.
    pub async fn use_it(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Result<UseView, Error> {
        let reading = self.reading(project)?;
        let place = reading.environment(environment)?.name.clone();
        let found = reading
            .ahead
            .prompt(prompt)
            .ok_or_else(|| Error::not_found("there is no such prompt"))?;
        let serving = reading.ahead.serving(environment, prompt);
        let side = serving.and_then(|serving| serving.main_side());
        // What is not served yet may be in code before it is.
        let version = side
            .map(|side| side.version)
            .or_else(|| found.heads().first().copied());
        let content = version.and_then(|version| reading.content_of_version(version));
        let address = self.address(project);
        let mut notes = Vec::new();
        if side.is_none() {
            notes.push(format!(
                "{place} serves nothing of {} yet: an application gets an error until it is released there",
                found.name
            ));
        }
        if address.is_none() {
            notes.push(
                "This project's registry is not running, so its address is made up".to_owned(),
            );
        }
        if content
            .as_ref()
            .is_some_and(|content| !is_flat(&reading, content))
        {
            notes.push(
                "Its template has logic, which Langfuse's SDKs don't know: they get an error that says so. Galley's SDKs read it"
                    .to_owned(),
            );
        }
        let split = serving.is_some_and(|serving| serving.sides.len() > 1);
        if split {
            notes.push(
                "Its traffic is split: pass a unit (a customer, a conversation) that stays the same. Langfuse's SDKs can't, and get the larger side"
                    .to_owned(),
            );
        }
        let filled = Filled {
            address: address.unwrap_or_else(|| SOME_ADDRESS.to_owned()),
            prompt: found.name.clone(),
            inputs: inputs_of(content.as_ref()),
            placeholders: placeholders_of(content.as_ref()),
            kind: content.as_ref().map_or(Kind::Chat, |content| content.kind),
        };
        Ok(UseView {
            environment_name: place,
            prompt_name: words::prompt(&reading.ahead, prompt),
            keys: reading
                .key_rows(self.now())
                .into_iter()
                .filter(|key| !key.revoked && key.environment == Some(environment))
                .map(|key| format!("{} ({}…)", key.name, key.begins))
                .collect(),
            notes,
            samples: filled.samples(split),
        })
    }
}

fn inputs_of(content: Option<&VersionContent>) -> Vec<String> {
    let inputs = content.into_iter().flat_map(|content| &content.inputs);
    inputs
        .filter(|input| input.default.is_none())
        .map(|input| input.name.clone())
        .collect()
}

fn placeholders_of(content: Option<&VersionContent>) -> Vec<String> {
    let messages = content.into_iter().flat_map(|content| &content.messages);
    let names = messages.filter_map(|message| match message {
        Message::Placeholder { name } => Some(name.clone()),
        Message::Message { .. } => None,
    });
    names.collect()
}

fn is_flat(reading: &Reading, content: &VersionContent) -> bool {
    let find = |digest: &domain::Digest| reading.content(digest);
    Template::prepare(content, &find).is_ok_and(|template| template.flat().is_ok())
}

/// Words that can't be a variable in Python, JavaScript or Rust.
const RESERVED: &[&str] = &[
    "and", "as", "async", "await", "break", "case", "catch", "class", "const", "continue", "crate",
    "def", "default", "del", "delete", "do", "dyn", "elif", "else", "enum", "except", "export",
    "extends", "extern", "finally", "fn", "for", "from", "function", "global", "if", "impl",
    "import", "in", "is", "lambda", "let", "loop", "match", "mod", "move", "mut", "new",
    "nonlocal", "not", "or", "pass", "pub", "raise", "ref", "return", "self", "static", "struct",
    "super", "switch", "this", "throw", "trait", "try", "type", "typeof", "unsafe", "use", "var",
    "void", "where", "while", "with", "yield",
];

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// What the value of an input is called in a program.
fn variable(name: &str) -> String {
    if is_reserved(name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// `{ "message": message }`
fn quoted(names: &[String]) -> String {
    let pairs: Vec<_> = names
        .iter()
        .map(|name| format!("\"{name}\": {}", variable(name)))
        .collect();
    match pairs.as_slice() {
        [] => "{}".to_owned(),
        pairs => format!("{{ {} }}", pairs.join(", ")),
    }
}

impl Filled {
    fn samples(&self, split: bool) -> Vec<CodeSample> {
        let one = |label: &str, code: String| CodeSample {
            label: label.to_owned(),
            code,
        };
        vec![
            one("curl", self.curl(split)),
            one("Python", self.python(split)),
            one("TypeScript", self.typescript(split)),
            one("Rust", self.rust(split)),
            one("Langfuse, Python", self.langfuse_python()),
            one("Langfuse, JavaScript", self.langfuse_javascript()),
        ]
    }

    /// `message=message, history=history`; where a name means something to Python,
    /// `**{"class": class_}`.
    fn arguments(&self) -> String {
        let all = self.all();
        if all.iter().any(|name| is_reserved(name)) {
            return format!("**{}", quoted(&all));
        }
        let pairs: Vec<_> = all.iter().map(|name| format!("{name}={name}")).collect();
        pairs.join(", ")
    }

    /// `{ message, history }`
    fn object(names: &[String]) -> String {
        let pairs = names.iter().map(|name| {
            if is_reserved(name) {
                format!("{name}: {}", variable(name))
            } else {
                name.clone()
            }
        });
        match names {
            [] => "{}".to_owned(),
            _ => format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", ")),
        }
    }

    fn all(&self) -> Vec<String> {
        self.inputs
            .iter()
            .chain(&self.placeholders)
            .cloned()
            .collect()
    }

    fn curl(&self, split: bool) -> String {
        let path = protocol::paths::prompt(&self.prompt);
        let unit = if split { "?unit=customer-4711" } else { "" };
        format!(
            "curl -H \"Authorization: Bearer $GALLEY_KEY\" \\\n  \"{}{path}{unit}\"",
            self.address
        )
    }

    fn python(&self, split: bool) -> String {
        let unit = if split { ", unit=customer_id" } else { "" };
        format!(
            "import os\nfrom galley import Galley\n\ngalley = Galley(\"{}\", os.environ[\"GALLEY_KEY\"])\nprompt = galley.get(\"{}\"{unit})\nanswer = openai.chat.completions.create(**prompt.openai({}))",
            self.address,
            self.prompt,
            self.arguments()
        )
    }

    fn typescript(&self, split: bool) -> String {
        let unit = if split { ", { unit: customerId }" } else { "" };
        format!(
            "import {{ Galley }} from \"galley-sdk\";\n\nconst galley = new Galley({{ url: \"{}\", key: process.env.GALLEY_KEY }});\nawait galley.ready();\nconst prompt = galley.get(\"{}\"{unit});\nconst answer = await openai.chat.completions.create(prompt.openai({}));",
            self.address,
            self.prompt,
            Self::object(&self.all())
        )
    }

    fn rust(&self, split: bool) -> String {
        let get = if split {
            format!("galley.get_for(\"{}\", customer_id)?", self.prompt)
        } else {
            format!("galley.get(\"{}\")?", self.prompt)
        };
        let values = quoted(&self.all());
        format!(
            "use galley_sdk::{{Galley, Options}};\n\nlet key = std::env::var(\"GALLEY_KEY\")?;\nlet galley = Galley::start(\"{}\", &key, Options::default())?;\ngalley.ready().await;\nlet prompt = {get};\nlet body = prompt.openai(serde_json::json!({values}))?;",
            self.address
        )
    }

    fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Chat => "chat",
            Kind::Text => "text",
        }
    }

    fn langfuse_python(&self) -> String {
        format!(
            "import os\nfrom langfuse import Langfuse\n\n# The environment key is the secret key; the public key is not looked at.\nlangfuse = Langfuse(host=\"{}\", public_key=\"galley\", secret_key=os.environ[\"GALLEY_KEY\"])\nprompt = langfuse.get_prompt(\"{}\", type=\"{}\")\nmessages = prompt.compile({})",
            self.address,
            self.prompt,
            self.kind(),
            self.arguments()
        )
    }

    fn langfuse_javascript(&self) -> String {
        let places = match self.placeholders.as_slice() {
            [] => String::new(),
            places => format!(", {}", Self::object(places)),
        };
        format!(
            "import {{ LangfuseClient }} from \"@langfuse/client\";\n\n// The environment key is the secret key; the public key is not looked at.\nconst langfuse = new LangfuseClient({{ baseUrl: \"{}\", publicKey: \"galley\", secretKey: process.env.GALLEY_KEY }});\nconst prompt = await langfuse.prompt.get(\"{}\", {{ type: \"{}\" }});\nconst messages = prompt.compile({}{places});",
            self.address,
            self.prompt,
            self.kind(),
            Self::object(&self.inputs)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_may_be_called_what_a_language_keeps_for_itself() {
        let filled = Filled {
            address: SOME_ADDRESS.to_owned(),
            prompt: "triage".to_owned(),
            inputs: vec!["class".to_owned(), "message".to_owned()],
            placeholders: Vec::new(),
            kind: Kind::Chat,
        };
        assert!(
            filled
                .python(false)
                .ends_with("prompt.openai(**{ \"class\": class_, \"message\": message }))")
        );
        assert!(
            filled
                .typescript(false)
                .ends_with("prompt.openai({ class: class_, message }));")
        );
        assert!(
            filled
                .rust(true)
                .ends_with("json!({ \"class\": class_, \"message\": message }))?;")
        );
    }
}
