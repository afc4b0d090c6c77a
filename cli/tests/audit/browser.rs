//! Headless Chromium through its DevTools protocol: open a page, ask it, take pictures.
//!
//! A page that logs an error, throws, or asks for anything beside its own file fails the test.
//! No crate of a browser driver: they bring an asynchronous runtime or another HTTP client, and
//! six commands are all that is needed.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// The browser's names on Debian and elsewhere.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

pub(crate) struct Browser {
    child: Child,
    socket: WebSocket<TcpStream>,
    next: u64,
    /// What the pages said beside answers.
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it; fails where there is none, as a page that nobody looked at is not tested.
    pub(crate) fn start() -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let start = |name: &&str| {
            Command::new(name)
                // Containers and root have no sandbox of their own; the pages are ours.
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--hide-scrollbars",
                    "--disable-dev-shm-usage",
                ])
                .args(["--no-first-run", "--remote-debugging-port=0"])
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg("about:blank")
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .ok()
        };
        let mut child = NAMES.iter().find_map(start).expect("Chromium is not there: run scripts/setup");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned))
            .expect("Chromium ended before it listened");
        // It goes on to write there, and must not wait for somebody who reads.
        std::thread::spawn(move || lines.for_each(drop));
        let address = url.trim_start_matches("ws://").split('/').next().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let config =
            tungstenite::protocol::WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _) = tungstenite::client::client_with_config(&*url, stream, Some(config)).unwrap();
        Browser { child, socket, next: 0, events: Vec::new(), _profile: profile }
    }

    fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.socket.send(Message::text(message.to_string())).unwrap();
        loop {
            let said = self.read();
            if said["id"] == self.next {
                assert!(said.get("error").is_none(), "{method}: {said}");
                return said["result"].clone();
            }
        }
    }

    /// The next message; what is no answer is kept.
    fn read(&mut self) -> Value {
        let said: Value = serde_json::from_str(self.socket.read().unwrap().to_text().unwrap()).unwrap();
        if said.get("method").is_some() {
            self.events.push(said.clone());
        }
        said
    }

    /// Opens a file in a window of that size.
    pub(crate) fn open(&mut self, file: &Path, window: (u32, u32), dark: bool) -> Page<'_> {
        self.open_as(file, window, dark, true)
    }

    /// Opens a file as somebody does who runs no scripts.
    pub(crate) fn open_without_script(&mut self, file: &Path) -> Page<'_> {
        self.open_as(file, (1280, 900), false, false)
    }

    fn open_as(&mut self, file: &Path, (width, height): (u32, u32), dark: bool, script: bool) -> Page<'_> {
        self.events.clear();
        let target =
            self.call(None, "Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = self.call(None, "Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(Some(&session), &format!("{domain}.enable"), json!({}));
        }
        // Its own processor time: the machine may be busy with other things.
        self.call(Some(&session), "Performance.enable", json!({"timeDomain": "threadTicks"}));
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call(Some(&session), "Emulation.setDeviceMetricsOverride", size);
        let scheme = json!([{"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }}]);
        self.call(Some(&session), "Emulation.setEmulatedMedia", json!({"features": scheme}));
        self.call(Some(&session), "Emulation.setScriptExecutionDisabled", json!({"value": !script}));
        let url = format!("file://{}", file.display());
        let went = self.call(Some(&session), "Page.navigate", json!({"url": url}));
        assert!(went.get("errorText").is_none(), "{went}");
        let loader = went["loaderId"].clone();
        let loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.events.iter().any(loaded) {
            self.read();
        }
        Page { browser: self, session, target, loader }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked first, so that its own processes end with it.
        let close = json!({"id": self.next + 1, "method": "Browser.close"});
        let _ = self.socket.send(Message::text(close.to_string()));
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(5) {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An open page.
pub(crate) struct Page<'a> {
    browser: &'a mut Browser,
    session: String,
    target: Value,
    loader: Value,
}

impl Page<'_> {
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.browser.call(Some(&self.session), method, params)
    }

    /// The value of an expression.
    #[track_caller]
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let said = self.call("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        assert!(said.get("exceptionDetails").is_none(), "{expression}: {said}");
        said["result"]["value"].clone()
    }

    /// Seconds of a processor that the page's main thread has taken so far.
    pub(crate) fn busy(&mut self) -> f64 {
        let metrics = self.call("Performance.getMetrics", json!({}));
        let metrics = metrics["metrics"].as_array().unwrap();
        metrics.iter().find(|one| one["name"] == "TaskDuration").unwrap()["value"].as_f64().unwrap()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn until(&mut self, expression: &str) {
        let started = Instant::now();
        while self.eval(expression) != true {
            assert!(started.elapsed() < Duration::from_secs(20), "{expression}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Presses a key and lets it go: `Tab`, `Enter`, or the blank.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            _ => 32,
        };
        let text = match key {
            "Enter" => "\r",
            "Tab" => "",
            other => other,
        };
        for what in ["keyDown", "keyUp"] {
            let event = json!({"type": what, "key": key, "windowsVirtualKeyCode": code,
                "text": if what == "keyDown" { text } else { "" }});
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Shows the page as it is printed on A4 from a browser in its dark scheme.
    pub(crate) fn as_printed(&mut self) {
        let size = json!({"width": 695, "height": 1000, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let dark = json!([{"name": "prefers-color-scheme", "value": "dark"}]);
        self.call("Emulation.setEmulatedMedia", json!({"media": "print", "features": dark}));
    }

    /// The page as a PDF.
    pub(crate) fn pdf(&mut self) -> Vec<u8> {
        let printed = self.call("Page.printToPDF", json!({"paperWidth": 8.27, "paperHeight": 11.69}));
        base64::engine::general_purpose::STANDARD.decode(printed["data"].as_str().unwrap()).unwrap()
    }

    /// A PNG of the window.
    pub(crate) fn screenshot(&mut self) -> Vec<u8> {
        self.picture(json!({"format": "png"}))
    }

    fn picture(&mut self, how: Value) -> Vec<u8> {
        let picture = self.call("Page.captureScreenshot", how);
        base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    /// A PNG of the first element of a selector, and a little around it.
    pub(crate) fn screenshot_of(&mut self, selector: &str) -> Vec<u8> {
        const AROUND: f64 = 12.0;
        let place = format!(
            "(() => {{ const r = document.querySelector({selector:?}).getBoundingClientRect(); \
             return [r.x + scrollX, r.y + scrollY, r.width, r.height]; }})()"
        );
        let place = self.eval(&place);
        let at = |index: usize| place[index].as_f64().unwrap();
        let clip = json!({"x": (at(0) - AROUND).max(0.0), "y": (at(1) - AROUND).max(0.0),
            "width": at(2) + 2.0 * AROUND, "height": at(3) + 2.0 * AROUND, "scale": 1});
        self.picture(json!({"format": "png", "captureBeyondViewport": true, "clip": clip}))
    }

    /// Ends it; fails if it complained, or asked for anything but its own file.
    #[track_caller]
    pub(crate) fn close(mut self) {
        // Whatever it was about to say it has said after this.
        self.eval("1");
        let target = self.target.clone();
        self.browser.call(None, "Target.closeTarget", json!({"targetId": target}));
        let bad: Vec<&Value> = self.browser.events.iter().filter(|event| self.is_bad(event)).collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }

    fn is_bad(&self, event: &Value) -> bool {
        let params = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" | "Page.javascriptDialogOpening" => true,
            "Runtime.consoleAPICalled" => params["type"] == "error" || params["type"] == "warning",
            "Log.entryAdded" => params["entry"]["level"] == "error" || params["entry"]["level"] == "warning",
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                params["requestId"] != self.loader && !url.starts_with("data:")
            }
            _ => false,
        }
    }
}
