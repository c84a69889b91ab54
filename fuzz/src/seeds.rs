//! Valid inputs to begin with, made by the same code that makes them in earnest.

use domain::dataset::Dataset;
use domain::ledger::{
    Body, Command, DeviceKey, NewEnvironment, ReleaseChange, Side, SignedCommand,
};
use domain::project::{Outcome, Trial};
use domain::{
    CommandId, Digest, EnvironmentId, Millis, Project, ProjectId, SaltedText, VersionContent,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

const CONTENTS: &[&str] = &[
    r#"{"kind":"text","messages":[{"role":"user","text":"Be kind.","type":"message"}]}"#,
    r#"{"inputs":[{"name":"name","required":true,"type":"text"},{"default":[],"name":"items","required":false,"type":"list"}],"kind":"chat","messages":[{"role":"system","text":"{% if name %}Dear {{ name | upper }}{% else %}Hello{% endif %}","type":"message"},{"name":"history","type":"placeholder"},{"role":"user","text":"{% for item in items %}{{ loop.index }}: {{ item | trim }}\n{% endfor %}","type":"message"}],"model":{"model":"small","parameters":{"stop":["\n"],"temperature":0.7},"provider":"local"},"response_schema":{"type":"object"},"tools":[{"description":"Looks up","name":"find","schema":{"type":"object"}}],"x-team":"desk"}"#,
];

/// Templates over the inputs `a`, `name`, `items` and `user`, with the snippet `tone`.
pub fn templates() -> Vec<Vec<u8>> {
    [
        "Dear {{ name }}, {{ user.name.first | default('friend') }}.",
        "{% for item in items %}{% for part in item %}{{ part | lower }}{% endfor %}{% endfor %}",
        "{% if a and not name or items | length %}{% include \"tone\" %}{% elif a %}x{% else %}y{% endif %}",
        "{# a note #}{{ items | join(', ') | upper }} {{ user | tojson }} {{ '{{' }}",
    ]
    .map(|t| t.as_bytes().to_vec())
    .to_vec()
}

pub fn contents() -> Vec<Vec<u8>> {
    CONTENTS.iter().map(|c| c.as_bytes().to_vec()).collect()
}

pub fn texts() -> Vec<Vec<u8>> {
    let (bytes, digest) = SaltedText::new("because", [7; 16])
        .encode()
        .expect("a text");
    vec![
        bytes,
        digest.to_string().into_bytes(),
        b"support/Triage \xc3\xa9 1".to_vec(),
    ]
}

pub fn datasets() -> Vec<Vec<u8>> {
    let json = br#"{"attribution":"CC BY 4.0","cases":[{"expected":"refund","id":"1","inputs":{"question":"Where is my card?"},"tags":["card"]},{"id":"2"}],"name":"questions"}"#;
    let own = Dataset::decode(json)
        .and_then(|d| d.encode())
        .expect("a dataset")
        .0;
    vec![json.to_vec(), own]
}

/// Files that people import: a spreadsheet's, and one case a line.
pub fn files() -> Vec<Vec<u8>> {
    [
        "name,items,user,expected,tags\r\n\"Ada, \"\"L.\"\"\",\"[1,2]\",{},refund,\"card,new\"\r\nBob,[],\"{\"\"age\"\":3}\",card,\r\n",
        "name;expected\nAda;\"two\nlines\"\nBob;b\n",
        "name\texpected\nAda\ta\n",
        "{\"name\":\"Ada\",\"items\":[\"a\"],\"expected\":\"x\"}\n{\"name\":\"Bob\",\"id\":\"7\"}\n",
        "{\"inputs\":{\"name\":\"Ada\"},\"expected\":\"x\",\"tags\":[\"t\"]}\n",
    ]
    .map(|t| t.as_bytes().to_vec())
    .to_vec()
}

/// A small ledger: its lines.
pub fn lines() -> Vec<Vec<u8>> {
    ledger().0
}

/// The commands of a small ledger, as they were signed.
pub fn commands() -> Vec<Vec<u8>> {
    ledger().1
}

fn ledger() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let key = DeviceKey::from_seed(&[1; 32]);
    let project = ProjectId(Uuid::from_u128(1));
    let environment = EnvironmentId(Uuid::from_u128(2));
    let (content, digest) = VersionContent::text("Be kind.")
        .encode()
        .expect("a content");
    let (reason, said) = SaltedText::new("because", [7; 16])
        .encode()
        .expect("a text");
    let contents: BTreeMap<Digest, Arc<[u8]>> =
        [(digest, content.into()), (said, reason.into())].into();
    let id = |n: u128| CommandId(Uuid::from_u128(n));
    let side = |weight, n| Side {
        version: id(n).into(),
        weight,
    };
    let release = |sides, replaces| Body::Release {
        changes: vec![ReleaseChange {
            environment,
            prompt: id(10).into(),
            sides,
            replaces,
        }],
        reason: said,
        promoted_from: None,
        request: None,
        step: None,
        override_reason: None,
    };
    let save = |parents| Body::SaveVersion {
        prompt: id(10).into(),
        parents,
        content: digest,
        includes: vec![],
        message: said,
    };
    let bodies = [
        (
            1,
            Body::CreateProject {
                name: "Desk".to_owned(),
                person: "Alice".to_owned(),
                device_name: "laptop".to_owned(),
                environments: vec![NewEnvironment {
                    id: environment,
                    name: "production".to_owned(),
                }],
                default: environment,
            },
        ),
        (
            10,
            Body::CreatePrompt {
                name: "support/triage".to_owned(),
            },
        ),
        (11, save(vec![])),
        (12, save(vec![id(11).into()])),
        (13, release(vec![side(10_000, 11)], None)),
        (
            14,
            release(vec![side(9_000, 11), side(1_000, 12)], Some(id(13).into())),
        ),
        (
            15,
            Body::AddEnvironment {
                name: "staging".to_owned(),
                after: None,
            },
        ),
    ];
    let mut trial = Trial::new(Project::new());
    let (mut lines, mut commands) = (Vec::new(), Vec::new());
    for (n, body) in bodies {
        let seen = trial.project().seen();
        let command = Command {
            id: id(n),
            project,
            device: key.public(),
            seen,
            at: Millis(5),
            body,
        };
        let signed = SignedCommand::sign(command, &key).expect("a command");
        commands.push(signed.bytes().as_bytes().to_vec());
        match trial.submit(&signed, &contents, Millis(1_750_000_000_000)) {
            Outcome::Accepted(entry) => lines.push(entry.line().as_bytes().to_vec()),
            other => panic!("a seed is refused: {other:?}"),
        }
    }
    (lines, commands)
}
