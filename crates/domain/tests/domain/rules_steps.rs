//! The rules of steps, and of breaks of the input contract.

use crate::rules_requests::{Desk, RITA, desk};
use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, Note, Side};
use domain::policy::Policy;
use domain::rules::requests::{renew, steps};
use domain::{RequestId, VersionId, content};
use uuid::Uuid;

#[test]
fn one_approval_covers_all_steps_in_their_order() {
    let Desk {
        mut world,
        prompt,
        v1,
        v2,
        ..
    } = desk();
    let reply = world.bob().creates("support/reply");
    let r1 = world.bob().saves(reply, &[], "reply");
    let mut asked = world.asked(&[(PRODUCTION, v2), (PRODUCTION, r1)]);
    asked.changes[0].steps = steps(&whole(v1), &whole(v2), &[1_000, 5_000]);
    assert_eq!(asked.changes[0].steps.len(), 3);
    let request: RequestId = world
        .bob()
        .does(Body::OpenRequest {
            asked: Box::new(asked),
        })
        .into();
    world.device(key(RITA)).approves(request);
    let share = |world: &World| {
        let serving = world.project().serving(PRODUCTION, prompt).expect("it");
        serving
            .sides
            .iter()
            .find(|side| side.version == v2)
            .map(|side| side.weight)
    };
    // Not the last step first, though it was approved.
    let skip = {
        let last = world.last(PRODUCTION, prompt);
        let reason = world.reason("all at once");
        let changes = [
            change(PRODUCTION, prompt, &[(v2, 10_000)], last),
            change(PRODUCTION, reply, &[(r1, 10_000)], None),
        ];
        under(release(&changes, reason), request)
    };
    world.bob().cannot(skip, Code::Conflict);
    for (step, weight) in [(1, 1_000), (2, 5_000), (3, 10_000)] {
        assert_eq!(world.part(request, PRODUCTION).done, step - 1);
        let release = world.bob().carries_out(request, &[PRODUCTION]);
        let record = world.project().release(release).expect("it");
        let grounds = record.grounds.as_ref().expect("it");
        assert_eq!(grounds.step, u32::try_from(step).ok());
        assert_eq!(record.changes.len(), if step == 1 { 2 } else { 1 });
        assert_eq!(share(&world), Some(weight));
    }
    assert!(!world.project().request(request).expect("it").is_open());

    // A revert between the steps: what the next one replaces has moved.
    let mut asked = world.asked(&[(PRODUCTION, v1)]);
    asked.changes[0].steps = steps(&whole(v2), &whole(v1), &[1_000]);
    let request: RequestId = world
        .bob()
        .does(Body::OpenRequest {
            asked: Box::new(asked),
        })
        .into();
    world.device(key(RITA)).approves(request);
    let before = world.last(PRODUCTION, prompt).expect("it");
    world.bob().carries_out(request, &[PRODUCTION]);
    let next = world.release_under(request, &[PRODUCTION]);
    world.bob().reverts(PRODUCTION, before, prompt);
    world.bob().cannot(next, Code::Conflict);
    assert!(!world.part(request, PRODUCTION).may_go());
    // Only the step that is left is asked for anew.
    let renewed = renew(
        world.project(),
        world.project().request(request).expect("it"),
    );
    assert_eq!(renewed.changes[0].steps, vec![whole(v1)]);
}

#[test]
fn the_steps_of_a_split() {
    let [a, b, c] = [1_u128, 2, 3].map(|n| VersionId(Uuid::from_u128(n)));
    let side = |version, weight| Side { version, weight };
    let sum = |sides: &[Side]| sides.iter().map(|s| s.weight).sum::<u32>();
    let grown = steps(&whole(a), &whole(b), &[1_000, 5_000, 10_000]);
    assert_eq!(
        grown,
        vec![
            vec![side(b, 1_000), side(a, 9_000)],
            vec![side(b, 5_000), side(a, 5_000)],
            whole(b),
        ]
    );
    // Nothing to split with: at once.
    assert_eq!(steps(&[], &whole(b), &[1_000]), vec![whole(b)]);
    assert_eq!(steps(&whole(a), &[], &[1_000]), vec![Vec::new()]);
    // Shares always make up the whole, whatever rounding does; a version on both sides is one side.
    let thirds = [side(a, 3_333), side(b, 3_333), side(c, 3_334)];
    for share in [1, 7, 333, 3_333, 9_999] {
        for sides in steps(&thirds, &whole(b), &[share]) {
            assert_eq!(sum(&sides), 10_000, "{share}");
            assert!(sides.iter().all(|side| side.weight > 0));
            let mut versions: Vec<_> = sides.iter().map(|s| s.version).collect();
            versions.sort();
            versions.dedup();
            assert_eq!(versions.len(), sides.len());
        }
    }
}

fn takes(inputs: &[(&str, bool)]) -> domain::VersionContent {
    let text: Vec<String> = inputs
        .iter()
        .map(|(name, _)| format!("{{{{ {name} }}}}"))
        .collect();
    let mut made = domain::VersionContent::text(text.join(" "));
    made.inputs = inputs
        .iter()
        .map(|(name, required)| content::Input {
            name: (*name).to_owned(),
            kind: content::InputKind::Text,
            required: *required,
            default: None,
            description: String::new(),
            from: None,
            other: content::Other::new(),
        })
        .collect();
    made
}

#[test]
fn a_break_of_the_input_contract_needs_a_note() {
    let mut world = World::new();
    world.reviewer("Rita", RITA);
    let prompt = world.bob().creates("support/triage");
    let save_it = |world: &mut World, content, parents: &[VersionId]| -> VersionId {
        let content = world.content(&content);
        let message = world.reason("saved");
        let body = save(prompt, parents, content, &[], message);
        world.bob().does(body).into()
    };
    let v1 = save_it(&mut world, takes(&[("name", true), ("topic", false)]), &[]);
    let v2 = save_it(
        &mut world,
        takes(&[("name", true), ("region", true)]),
        &[v1],
    );
    world.bob().releases(PRODUCTION, v1);
    let request = world.bob().opens(&[(PRODUCTION, v2)]);
    let part = world.part(request, PRODUCTION);
    assert_eq!(part.breaks.len(), 2);
    assert!(part.sentences[0].starts_with("the input region of support/triage is now required"));
    assert!(part.sentences[1].starts_with("the input topic of support/triage is gone"));
    let blocked = world.release_under(request, &[PRODUCTION]);
    world.bob().cannot(blocked.clone(), Code::PolicyUnmet);
    // An override sets policies aside, not this: it is made right, or noted.
    world.demands(
        PRODUCTION,
        Policy {
            may_override: true,
            ..approvals(1)
        },
    );
    let reason = world.reason("in a hurry");
    world
        .alice()
        .cannot(overriding(blocked, reason), Code::PolicyUnmet);
    let mut update = world.asks_instead(request, &[(PRODUCTION, v2)]);
    if let Body::UpdateRequest { asked, .. } = &mut update {
        asked.notes = part
            .breaks
            .iter()
            .map(|(prompt, b)| Note {
                environment: PRODUCTION,
                prompt: *prompt,
                input: b.input.clone(),
                kind: b.kind,
                text: world.reason("all callers were changed last week"),
            })
            .collect();
    }
    world.bob().does(update);
    world.device(key(RITA)).approves(request);
    assert!(world.part(request, PRODUCTION).may_go());
    world.bob().carries_out(request, &[PRODUCTION]);
    assert_eq!(world.served(PRODUCTION, prompt), [v2]);
}
