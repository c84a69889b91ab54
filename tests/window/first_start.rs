//! The first start: three ways in, and the sample project at once.

use crate::support::program::built;
use crate::support::wait::until;
use crate::support::{Desk, Steps, Window};

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_opens_at_once_and_answers_without_a_key_or_a_network() {
    let mut steps = Steps::new("window/first-start");
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    window.sees("Explore the sample project").await;
    window.sees("Start my own").await;
    window.sees("Join a team").await;
    steps
        .did(&window, "The first start offers three ways in")
        .await;

    window.click_id("open-sample").await;
    window.sees_in("prompt-name", "").await;
    window.click_id("prompt-support/triage").await;
    window.sees_in("prompt-name", "triage").await;
    window.sees_in("served-production", "v").await;
    steps
        .did(&window, "The sample: a prompt with its track")
        .await;
    window
        .choose_id("Where the values come from", "intents")
        .await;
    window.sees("i have not received my card").await;
    window.click_id("try-it").await;
    window.sees_in("answer-source", "cache").await;
    steps
        .did(
            &window,
            "Tried on a real message: the answer comes from the cache, and says so",
        )
        .await;
    window.click_id("go-releases").await;
    window.sees("production").await;
    steps.did(&window, "What every environment serves").await;
    window.click_id("go-evals").await;
    window.sees("v5 37 of 64").await;
    steps
        .did(&window, "Runs of every answered version are there")
        .await;
    window.click_id("open-run-0").await;
    window.sees_in("run-summary", "v6 is worse than v3").await;
    steps.did(&window, "A run: what passed, case by case").await;
    window.close().await;

    // The next start opens it at once.
    let window = Window::open(&desk).await;
    window.sees("Prompts").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keychain_it_says_so() {
    let desk = Desk::without_keychain();
    let window = Window::open(&desk).await;
    window.sees("keychain").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_ends_by_itself_and_the_first_window_stays() {
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    window.sees("Explore the sample project").await;
    let second = desk.command(built("galley-desktop")).spawn();
    let second = std::sync::Mutex::new(second.expect("it starts"));
    until("the second start to end", async || {
        let asked = second.lock().expect("nobody else asks").try_wait();
        match asked.expect("it can be asked") {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("it ended with {status}")),
            None => Err("it is still there".to_owned()),
        }
    })
    .await;
    window.click_id("open-sample").await;
    window.sees_in("prompt-name", "triage").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_goes_nowhere_else() {
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    window.sees("Explore the sample project").await;
    let here = window.run("return location.href", vec![]).await;
    for way in [
        "location.href = 'https://example.com/'",
        "location.assign('http://127.0.0.1:9/')",
        "window.open('https://example.com/')",
        "location.href = 'data:text/html,<p>elsewhere'",
        "const a = document.createElement('a'); a.href = 'https://example.com/'; \
         document.body.append(a); a.click(); a.remove()",
    ] {
        window.run(way, vec![]).await;
        window.sees("Explore the sample project").await;
        let now = window.run("return location.href", vec![]).await;
        assert_eq!(now, here, "{way}");
    }
    window.close().await;
}
