//! Calls that must fail: every route with every kind of bearer, web pages, unknown names.

use crate::team::{House, Member, bits, id};
use domain::KeyId;
use domain::ledger::Body;
use domain::permissions::Role;
use protocol::token::{Invitation, Kind, Token};
use registry::http::routes;
use registry::people::Scope;
use std::collections::BTreeMap;

/// Every kind of bearer, by name.
async fn bearers(
    house: &House,
    team: &crate::team::Team,
) -> BTreeMap<&'static str, Option<String>> {
    let ada = &team.ada;
    let (app, _) = ada.issues_key(team.production).await;
    let (revoked_app, revoked_key) = ada.issues_key(team.production).await;
    ada.does(Body::RevokeKey { key: revoked_key }).await;
    let (open, _) = ada.invites(Role::Author).await;
    let (used, used_id) = ada.invites(Role::Author).await;
    let (ben, _) = Member::joins(&house.url(), &used, used_id).await;
    let (withdrawn, withdrawn_id) = ada.invites(Role::Admin).await;
    ada.does(Body::WithdrawInvitation {
        invitation: withdrawn_id,
    })
    .await;
    let (gone, gone_id) = ada.invites(Role::Admin).await;
    let (removed, _) = Member::joins(&house.url(), &gone, gone_id).await;
    let person = match removed.me().await {
        protocol::ledger::Me::Person { person, .. } => person,
        other => panic!("{other:?}"),
    };
    ada.does(Body::RemovePerson { person }).await;
    let elsewhere = house.found().await;
    let founding = house.registry.founding_token().unwrap().reveal();
    let wrong_secret = Token::new(Kind::Personal, Token::read(&ada.bearer).unwrap().id, bits());
    let unknown = Token::new(Kind::Personal, KeyId(id()), bits());
    let other_kind = app.bearer.replace("gal_env_", "gal_usr_");
    let never_made = Token::new(Kind::Founding, KeyId(id()), bits());
    let wrong_invitation = Invitation::new(team.project, open.first, bits());
    BTreeMap::from([
        ("nothing", None),
        ("not a key", Some("hello".to_owned())),
        ("an unknown key", Some(unknown.reveal())),
        (
            "a known key with a wrong secret",
            Some(wrong_secret.reveal()),
        ),
        ("an environment key as a person's", Some(other_kind)),
        ("a revoked environment key", Some(revoked_app.bearer)),
        ("a removed person's token", Some(removed.bearer)),
        ("a withdrawn invitation", Some(withdrawn.bearer())),
        ("an unknown invitation", Some(wrong_invitation.bearer())),
        (
            "a founding invitation never made",
            Some(never_made.reveal()),
        ),
        ("an application", Some(app.bearer)),
        ("an author", Some(ben.bearer)),
        ("an admin", Some(ada.bearer.clone())),
        ("another project's admin", Some(elsewhere.ada.bearer)),
        ("an open invitation", Some(open.bearer())),
        ("a used invitation", Some(used.bearer())),
        ("a founding invitation", Some(founding)),
    ])
}

/// Who is let through to what; whatever is not here is refused.
fn let_in(scope: Scope) -> &'static [&'static str] {
    match scope {
        Scope::Open => &[],
        Scope::Me => &[
            "an application",
            "an author",
            "an admin",
            "another project's admin",
            "an open invitation",
            "a founding invitation",
        ],
        Scope::Served => &["an application"],
        Scope::Read => &["an author", "an admin", "an open invitation"],
        Scope::Follow | Scope::Put | Scope::Keys => &["an author", "an admin"],
        // A founding invitation gets no further than the handler: the project is here already.
        Scope::Commands => &[
            "an author",
            "an admin",
            "an open invitation",
            "a used invitation",
        ],
        Scope::Give | Scope::Webhooks => &["an admin"],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_with_every_bearer() {
    // Most of these calls fail, and all come from one address.
    let failed_per_minute = std::num::NonZeroU32::new(10_000).unwrap();
    let limits = registry::Limits {
        failed_per_minute,
        ..Default::default()
    };
    let house = House::with(registry::Options {
        create: true,
        limits,
        ..Default::default()
    })
    .await;
    let team = house.found().await;
    let bearers = bearers(&house, &team).await;
    let content = domain::Digest::of(b"x").to_string();
    let mut calls = 0;
    for route in routes() {
        let path = route
            .path
            .replace("{project}", &team.project.to_string())
            .replace("{digest}", &content)
            .replace("{name}", "triage")
            .replace("{version}", "1")
            .replace("{webhook}", &id().to_string())
            .replace("{delivery}", &id().to_string());
        for (who, bearer) in &bearers {
            let mut request = team
                .ada
                .http
                .request(route.method.clone(), format!("{}{path}", house.url()));
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let case = format!("{} {} by {who}: {status}", route.method, route.path);
            calls += 1;
            if route.scope == Scope::Open {
                assert_eq!(status, 200, "{case}");
                continue;
            }
            let refused = status == 401 || status == 403;
            assert_eq!(!refused, let_in(route.scope).contains(who), "{case}");
            // A good key on a wrong door is told so; a bad key learns nothing.
            let good = let_in(Scope::Me).contains(who) || *who == "a used invitation";
            if refused {
                assert_eq!(status == 403, good, "{case}");
                let body: protocol::ApiError = response.json().await.unwrap();
                assert!(!body.message.is_empty(), "{case}");
            }
        }
    }
    assert_eq!(calls, 29 * bearers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_and_a_wrong_one_get_the_same_answer() {
    let house = House::open().await;
    let team = house.found().await;
    let known = Token::read(&team.ada.bearer).unwrap().id;
    let mut answers = Vec::new();
    for key in [known, KeyId(id())] {
        let token = Token::new(Kind::Personal, key, bits());
        let stranger = Member {
            bearer: token.reveal(),
            ..team.ada.clone()
        };
        let response = stranger.gets(protocol::paths::ME).await;
        let mut headers = response.headers().clone();
        headers.remove("x-request-id");
        headers.remove("date");
        answers.push((response.status(), headers, response.text().await.unwrap()));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_and_web_pages_are_refused() {
    let house = House::open().await;
    let team = house.found().await;
    let port = house.running.address().port();
    let get = |headers: Vec<(&'static str, String)>| {
        let mut request = team
            .ada
            .http
            .get(format!("{}/v1/me", house.url()))
            .bearer_auth(&team.ada.bearer);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send()
    };
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("LOCALHOST:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("localhost".into(), 403),
        (format!("127.0.0.1:{}", port ^ 1), 403),
        (format!("evil.example:{port}"), 403),
        (format!("127.0.0.1.evil.example:{port}"), 403),
        (format!("localhost.:{port}"), 403),
    ] {
        let response = get(vec![("host", host.clone())]).await.unwrap();
        assert_eq!(response.status(), status, "{host}");
    }
    for origin in ["null", "https://evil.example", &house.url()] {
        let response = get(vec![("origin", origin.to_owned())]).await.unwrap();
        assert_eq!(response.status(), 403, "{origin}");
        let cors = response
            .headers()
            .keys()
            .any(|name| name.as_str().starts_with("access-control"));
        assert!(!cors);
    }
    // Not even what needs no key answers a page, and a page may not ask whether it may.
    let health = team.ada.http.get(format!("{}/healthz", house.url()));
    assert_eq!(
        health
            .header("origin", "null")
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    let preflight = team
        .ada
        .http
        .request(reqwest::Method::OPTIONS, format!("{}/v1/me", house.url()))
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "GET");
    assert_eq!(preflight.send().await.unwrap().status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_keeps_failing_is_slowed_down_and_good_keys_are_not() {
    let limits = registry::Limits {
        failed_per_minute: std::num::NonZeroU32::new(5).unwrap(),
        ..Default::default()
    };
    let house = House::with(registry::Options {
        create: true,
        limits,
        ..Default::default()
    })
    .await;
    let team = house.found().await;
    let guess = Token::new(Kind::Personal, KeyId(id()), bits()).reveal();
    let stranger = Member {
        bearer: guess,
        ..team.ada.clone()
    };
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let response = stranger.gets(protocol::paths::ME).await;
        if response.status() == 429 {
            let seconds: u64 = response.headers()["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=60).contains(&seconds), "{seconds}");
        }
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    assert_eq!(team.ada.gets(protocol::paths::ME).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_can_not_take_everything() {
    let number = |n| std::num::NonZeroU32::new(n).unwrap();
    let limits = registry::Limits {
        environment_requests_per_second: number(3),
        streams_per_key: 2,
        ..Default::default()
    };
    let house = House::with(registry::Options {
        create: true,
        limits,
        ..Default::default()
    })
    .await;
    let team = house.found().await;
    let (app, _) = team.ada.issues_key(team.production).await;
    let (other, _) = team.ada.issues_key(team.production).await;
    // A burst of a second's worth, and no more; one is given back every third of a second, so
    // twenty in a row can't all pass.
    let mut refused = 0;
    for _ in 0..20 {
        let response = app.gets("/v1/environment").await;
        if response.status() == 429 {
            assert!(response.headers().contains_key("retry-after"));
            refused += 1;
        }
    }
    assert!(refused > 0);
    assert_eq!(other.gets("/v1/environment").await.status(), 200);

    let path = protocol::paths::changes(team.project);
    let first = team.ada.gets(&path).await;
    let second = team.ada.gets(&path).await;
    assert_eq!(
        (first.status(), second.status()),
        (reqwest::StatusCode::OK, reqwest::StatusCode::OK)
    );
    assert_eq!(team.ada.gets(&path).await.status(), 429);
}
