//! The first start: three ways in, and the sample project at once.

use crate::support::{Desk, Window};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_offers_three_ways_in() {
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    window.sees("Explore the sample project").await;
    window.sees("Start my own").await;
    window.sees("Join a team").await;
    window.screenshot("window", "first-start").await;
    window.close().await;
}
