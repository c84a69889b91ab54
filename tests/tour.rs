//! The tour: Galley's main job in the real window, told step by step, with a picture of each step.
//!
//! `make run` plays it where there is no display. It is the journey that the tests play.

#[path = "window/main_job.rs"]
mod main_job;
// The tour needs less of what tests stand on than the tests do.
#[expect(dead_code, reason = "the tour uses a part of it")]
mod support;

#[tokio::main]
async fn main() {
    let mut steps = support::Steps::new("tour");
    main_job::play(&mut steps).await;
}
