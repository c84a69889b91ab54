//! The real app on one person's computer, driven through its real web view.
//!
//! Things are found as a person finds them: by the name that a screen reader would say, or by the
//! text in sight. Where a name is not enough, by `data-testid`. Every step waits for what it needs
//! and fails with what was in sight instead.

use super::program::{Running, built, children, free_port, installed, kill};
use super::wait::until;
use super::{Desk, axe};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A window of the app.
pub struct Window {
    client: Client,
    driver: Running,
}

impl Window {
    /// Starts the app on a desk and waits until its page is there.
    pub async fn open(desk: &Desk) -> Self {
        let port = free_port();
        let mut command = desk.command(installed("WebKitWebDriver"));
        command
            .arg(format!("--port={port}"))
            // Without both the driver waits for ever for an app that doesn't know it is driven.
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let driver = Running::start(&mut command);
        let address = format!("http://127.0.0.1:{port}");
        until("the web driver to listen", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .map_err(|error| error.to_string())
        })
        .await;
        let capabilities =
            json!({ "webkitgtk:browserOptions": { "binary": built("galley-desktop") } });
        let Value::Object(capabilities) = capabilities else {
            unreachable!("it is an object")
        };
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        let connecting = builder.capabilities(capabilities).connect(&address);
        // An app that ends at once (another has the same data open) never answers the driver.
        let client = tokio::time::timeout(super::wait::PATIENCE, connecting)
            .await
            .expect("the app answers its driver")
            .expect("the app opens its window for the driver");
        let window = Self { client, driver };
        until("the page to be drawn", async || {
            match window
                .run(
                    "return document.querySelector('main:not([aria-busy=\"true\"])') !== null",
                    vec![],
                )
                .await
            {
                Value::Bool(true) => Ok(()),
                _ => Err(window.text().await),
            }
        })
        .await;
        window
    }

    /// Closes the window as a person does, and waits until the app has let go of its data.
    pub async fn close(mut self) {
        let app = self.app();
        // Closing the session ends the app; the driver follows when it is dropped.
        let _ = self.client.clone().close().await;
        ended(app).await;
        self.driver.kill();
    }

    /// The processes of the app itself: one.
    pub fn app(&self) -> u32 {
        *children(self.driver.id())
            .first()
            .expect("the driver started the app")
    }

    /// Ends the app at once, as a power cut would, and waits until the system has taken it down: a
    /// window opened before that would take itself for a second one.
    pub async fn kill(mut self) {
        let app = self.app();
        kill(app);
        self.driver.kill();
        ended(app).await;
    }

    /// Clicks what bears this name: a button, a link, a tab, an entry in a menu or a list.
    pub async fn click(&self, name: &str) {
        self.act_on(
            &format!("something to click named {name:?}"),
            json!({ "name": name }),
            async |element| element.click().await,
        )
        .await;
    }

    /// Clicks what has this `data-testid`.
    pub async fn click_id(&self, id: &str) {
        self.act_on(
            &format!("something to click marked {id:?}"),
            json!({ "id": id }),
            async |element| element.click().await,
        )
        .await;
    }

    /// Puts a text into the field of this name in place of what is in it.
    pub async fn fill(&self, label: &str, text: &str) {
        self.write_into(
            &format!("a field named {label:?}"),
            json!({ "field": label }),
            text,
        )
        .await;
    }

    /// Puts a text into the field with this `data-testid`.
    pub async fn fill_id(&self, id: &str, text: &str) {
        self.write_into(&format!("a field marked {id:?}"), json!({ "id": id }), text)
            .await;
    }

    /// Puts a long text into the field with this `data-testid` at once, as pasting does: the driver
    /// takes minutes to type a page.
    pub async fn paste_id(&self, id: &str, text: &str) {
        let script = "const field = document.querySelector(`[data-testid=\"${arguments[0]}\"]`);\
                      if (!field) return false;\
                      field.focus(); field.value = arguments[1];\
                      field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));\
                      return true;";
        until(&format!("a field marked {id:?}"), async || {
            match self.run(script, vec![json!(id), json!(text)]).await {
                Value::Bool(true) => Ok(()),
                _ => Err(self.text().await),
            }
        })
        .await;
    }

    async fn write_into(&self, what: &str, wanted: Value, text: &str) {
        self.act_on(what, wanted.clone(), async |element| element.click().await)
            .await;
        self.chord(&[Key::Control], 'a').await;
        // The driver types no empty text.
        if text.is_empty() {
            return self.chord(&[], char::from(Key::Backspace)).await;
        }
        self.act_on(what, wanted, async |element| element.send_keys(text).await)
            .await;
    }

    /// Puts another text into a message of the prompt in sight, counted from 0.
    pub async fn write_message(&self, place: usize, text: &str) {
        let message = format!("the text of message {place}");
        let card = format!("message-{place}");
        let css = format!("[data-testid={card}] .cm-content[contenteditable=true]");
        // Emptied before anything is written: a list that still settles can move under the click, and
        // the keys would go elsewhere.
        until(&format!("{message} to be empty"), async || {
            // The driver does not scroll what a panel cuts off at the window's foot.
            let script =
                "document.querySelector(arguments[0])?.scrollIntoView({ block: 'center' });";
            self.run(script, vec![json!(css)]).await;
            self.act_on(&message, json!({ "css": css }), async |element| {
                element.click().await
            })
            .await;
            self.chord(&[Key::Control], 'a').await;
            // The driver puts the caret before an input that begins the text, and selects nothing then.
            self.chord(&[], char::from(Key::Backspace)).await;
            match self.written_in(&css).await.as_str() {
                "" => Ok(()),
                there => Err(there.to_owned()),
            }
        })
        .await;
        self.act_on(&message, json!({ "css": css }), async |element| {
            element.send_keys(text).await
        })
        .await;
        until(&format!("{text:?} in {message}"), async || {
            let there = self.written_in(&css).await;
            if flat(&there) == flat(text) {
                Ok(())
            } else {
                Err(there)
            }
        })
        .await;
    }

    /// What stands in an editor, without what only fills its emptiness.
    async fn written_in(&self, css: &str) -> String {
        let script = "const shown = document.querySelector(arguments[0])?.cloneNode(true);\
                      shown?.querySelectorAll('.cm-placeholder').forEach(hint => hint.remove());\
                      return [...(shown?.children ?? [])].map(line => line.textContent).join('\\n').trim();";
        let there = self.run(script, vec![json!(css)]).await;
        there.as_str().unwrap_or_default().to_owned()
    }

    /// Chooses, in the list with this `data-testid` or name, the entry whose words begin so.
    pub async fn choose_id(&self, id: &str, entry: &str) {
        let script = "const list = document.querySelector(`select:is([data-testid=\"${arguments[0]}\"], [aria-label=\"${arguments[0]}\"])`);\
                      const at = [...(list?.options ?? [])].findIndex(o => o.text.trim().startsWith(arguments[1]));\
                      if (at < 0) return list ? [...list.options].map(o => o.text).join('; ') : 'no list';\
                      list.selectedIndex = at;\
                      list.dispatchEvent(new Event('input', { bubbles: true }));\
                      list.dispatchEvent(new Event('change', { bubbles: true }));\
                      return true;";
        until(
            &format!("{entry:?} in the list {id:?}"),
            async || match self.run(script, vec![json!(id), json!(entry)]).await {
                Value::Bool(true) => Ok(()),
                instead => Err(format!("{instead} on\n{}", self.text().await)),
            },
        )
        .await;
    }

    /// The text on the clipboard, as a person gets it: by pasting it into a field.
    pub async fn clipboard(&self) -> String {
        self.fill_id("search", "").await;
        self.chord(&[Key::Control], 'v').await;
        let text = until("a pasted text", async || {
            match self.text_of("search").await {
                empty if empty.is_empty() => Err("an empty field".to_owned()),
                text => Ok(text),
            }
        })
        .await;
        self.fill_id("search", "").await;
        text
    }

    /// Types into whatever has the focus.
    pub async fn type_text(&self, text: &str) {
        let focused = self
            .client
            .active_element()
            .await
            .expect("something has the focus");
        focused.send_keys(text).await.expect("it takes keys");
    }

    /// Clicks what has this `data-testid` until something with another one has come. What is still
    /// loading may move away under the pointer.
    pub async fn click_for(&self, id: &str, comes: &str) {
        until(&format!("{comes:?} after a click on {id:?}"), async || {
            if self.there(comes).await {
                return Ok(());
            }
            self.click_id(id).await;
            Err(self.text().await)
        })
        .await;
    }

    /// Presses one key.
    pub async fn press(&self, key: Key) {
        self.type_text(&char::from(key).to_string()).await;
    }

    /// Presses a key while others are held.
    pub async fn chord(&self, held: &[Key], key: char) {
        use fantoccini::actions::{InputSource, KeyAction, KeyActions};
        let mut keys = KeyActions::new("keyboard".to_owned());
        for held in held {
            keys = keys.then(KeyAction::Down {
                value: char::from(*held),
            });
        }
        keys = keys
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        for held in held.iter().rev() {
            keys = keys.then(KeyAction::Up {
                value: char::from(*held),
            });
        }
        self.client
            .perform_actions(keys)
            .await
            .expect("keys are pressed");
    }

    /// Waits until this text is in sight.
    pub async fn sees(&self, text: &str) {
        until(&format!("{text:?} in sight"), async || {
            let page = self.text().await;
            if flat(&page).contains(&flat(text)) {
                Ok(())
            } else {
                Err(page)
            }
        })
        .await;
    }

    /// Waits until this text is out of sight.
    pub async fn no_longer_sees(&self, text: &str) {
        until(&format!("{text:?} gone"), async || {
            let page = self.text().await;
            if flat(&page).contains(&flat(text)) {
                Err(page)
            } else {
                Ok(())
            }
        })
        .await;
    }

    /// Waits until what has this `data-testid` holds this text.
    pub async fn sees_in(&self, id: &str, text: &str) {
        until(&format!("{text:?} in {id:?}"), async || {
            let there = self.text_of(id).await;
            if flat(&there).contains(&flat(text)) {
                Ok(())
            } else {
                Err(format!("{there:?} on\n{}", self.text().await))
            }
        })
        .await;
    }

    /// Whether something with this `data-testid` is there now.
    pub async fn there(&self, id: &str) -> bool {
        let script = "return document.querySelector(`[data-testid=\"${arguments[0]}\"]`) !== null";
        self.run(script, vec![json!(id)]).await == Value::Bool(true)
    }

    /// Waits until nothing with this `data-testid` is there any more.
    pub async fn gone(&self, id: &str) {
        until(&format!("the end of {id:?}"), async || {
            if self.there(id).await {
                Err(self.text().await)
            } else {
                Ok(())
            }
        })
        .await;
    }

    /// The text of what has this `data-testid`; empty when it is not there.
    pub async fn text_of(&self, id: &str) -> String {
        let script = "return [...document.querySelectorAll(`[data-testid=\"${arguments[0]}\"]`)]\
                      .map(e => e.value || e.innerText).join('\\n')";
        self.run(script, vec![json!(id)])
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// All text in sight.
    pub async fn text(&self) -> String {
        self.run(
            "return document.body ? document.body.innerText : ''",
            vec![],
        )
        .await
        .as_str()
        .unwrap_or_default()
        .to_owned()
    }

    /// What a script answers in the page.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        // A page that is just being replaced answers with an error: there is nothing to see yet.
        self.client
            .execute(script, arguments)
            .await
            .unwrap_or(Value::Null)
    }

    /// What axe finds wrong in what is in sight now.
    pub async fn axe(&self) -> Vec<String> {
        axe::check(&self.client).await
    }

    /// Keeps a picture of the window under `target/`, and gives its path.
    pub async fn screenshot(&self, folder: &str, name: &str) -> PathBuf {
        // What is just fading in would be half there on the picture. A cursor blinks for ever.
        let still = "return document.getAnimations().every(a => a.playState !== 'running' \
                     || a.effect?.getComputedTiming().iterations === Infinity)";
        until("the window to stand still", async || {
            match self.run(still, vec![]).await {
                Value::Bool(true) => Ok(()),
                other => Err(other.to_string()),
            }
        })
        .await;
        // What the page holds reaches the picture two frames later.
        let drawn = "const done = arguments[arguments.length - 1];\
                     requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";
        self.client
            .execute_async(drawn, vec![])
            .await
            .expect("the window draws");
        let picture = self
            .client
            .screenshot()
            .await
            .expect("a picture of the window");
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target")
            .join(folder);
        std::fs::create_dir_all(&path).expect("a folder for pictures");
        let path = path.join(format!("{name}.png"));
        std::fs::write(&path, picture).expect("the picture is kept");
        path
    }

    /// Makes the window this wide and high.
    pub async fn size(&self, width: u32, height: u32) {
        self.client
            .set_window_size(width, height)
            .await
            .expect("the window takes the size");
    }

    // Finds an element and does something with it. A page may redraw between the two: then it is
    // looked for again.
    async fn act_on<F>(&self, what: &str, wanted: Value, act: impl Fn(Element) -> F)
    where
        F: Future<Output = Result<(), fantoccini::error::CmdError>>,
    {
        until(what, async || {
            let found = self
                .client
                .execute(FIND, vec![wanted.clone()])
                .await
                .map_err(|error| error.to_string())?;
            if found.is_null() {
                return Err(self.text().await);
            }
            let reference = found[ELEMENT]
                .as_str()
                .expect("the script answers an element")
                .to_owned();
            let element = Element::from_element_id(self.client.clone(), reference.into());
            act(element).await.map_err(|error| format!("{error:?}"))
        })
        .await;
    }
}

/// Waits until a process has ended with all its threads: what it held open is closed by the last.
async fn ended(process: u32) {
    until("the end of the window's process", async || {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count);
        // The state follows the program's name in brackets. `Z` is a first thread that has ended.
        match stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next())
        {
            None => Ok(()),
            Some('Z') if threads <= 1 => Ok(()),
            Some(state) => Err(format!("{state} with {threads} threads")),
        }
    })
    .await;
}

impl Drop for Window {
    fn drop(&mut self) {
        for app in children(self.driver.id()) {
            kill(app);
        }
    }
}

/// A text without regard to how its lines break.
fn flat(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// The name under which WebDriver hands an element over.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Finds what a person means by a name: visible, enabled, in the dialog that stands above the rest.
const FIND: &str = r#"
const wanted = arguments[0];
const flat = (text) => (text ?? "").replace(/\s+/g, " ").trim().toLowerCase();
const named = (element) => {
  const by = element.getAttribute("aria-labelledby");
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const label = element.getAttribute("aria-label");
  if (label) return label;
  if (element.labels?.length) return [...element.labels].map((label) => label.textContent).join(" ");
  const clone = element.cloneNode(true);
  clone.querySelectorAll?.('[aria-hidden="true"]').forEach((hidden) => hidden.remove());
  return clone.textContent || element.getAttribute("placeholder") || element.getAttribute("title");
};
const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[inert]");
const pick = (selector, fits) => {
  const found = [...document.querySelectorAll(selector)].filter((element) => shown(element) && fits(element));
  return found.filter((element) => !element.disabled)[0] ?? null;
};
if (wanted.css) return pick(wanted.css, () => true);
if (wanted.id) return pick(`[data-testid="${wanted.id}"]`, () => true);
const name = flat(wanted.name ?? wanted.field);
const selector = wanted.field
  ? "input, textarea, select, [contenteditable='true']"
  : "button, a, summary, option, [role=button], [role=tab], [role=menuitem], [role=menuitemradio], [role=treeitem], [role=option], [role=link], [role=row], input[type=checkbox], input[type=radio]";
return pick(selector, (element) => flat(named(element)) === name)
  ?? pick(selector, (element) => flat(named(element)).startsWith(name));
"#;
