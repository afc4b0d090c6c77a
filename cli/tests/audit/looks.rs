//! The report in a browser: filters, ticks, links, widths, dark mode, and how long it takes.
//!
//! `STATELESS_AUDIT_LOOK` names a folder of pictures to be made; `STATELESS_AUDIT_OF` a service
//! other than the fixture. `scripts/audit-look` sets both.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::browser::{Browser, Page};
use super::support::Tree;
use super::{audited, fixture};

/// No part of the page is wider than the window.
fn fits(page: &mut Page) {
    let over = page.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(over, 0, "the page scrolls sideways");
}

fn shown(page: &mut Page) -> i64 {
    page.eval("[...document.querySelectorAll('.site')].filter(s => s.offsetParent).length").as_i64().unwrap()
}

fn click(page: &mut Page, selector: &str) {
    page.eval(&format!("document.querySelector({selector:?}).click()"));
}

#[test]
fn filters_ticks_and_links_work() {
    let tree = Tree::new();
    let (_, audit) = audited(&[&fixture("shop")], tree.root(), &[]);
    let summary = &audit["services"][0]["summary"];
    let (errors, warnings) = (summary["errors"].as_i64().unwrap(), summary["warnings"].as_i64().unwrap());
    assert!(errors > 1 && warnings > 0, "{summary}");
    let mut browser = Browser::start();
    let mut page = browser.open(&tree.path("report.html"), (1280, 900), false);
    assert_eq!(shown(&mut page), errors + warnings + summary["notes"].as_i64().unwrap());
    click(&mut page, "button[data-level=error]");
    assert_eq!(shown(&mut page), warnings);
    let count = page.eval("document.querySelector('.count').textContent");
    assert!(count.as_str().unwrap().starts_with(&format!("{warnings} of ")), "{count}");
    // A link to a site that is filtered away shows it.
    page.eval("location.hash = '#a1-S1'");
    page.until("document.getElementById('a1-S1').offsetParent !== null");
    click(&mut page, "button[data-level=error]");
    page.eval("const t = document.querySelector('[data-text]'); t.value = 'sessions'; t.dispatchEvent(new Event('input', {bubbles: true}))");
    assert!(shown(&mut page) >= 1 && shown(&mut page) < errors + warnings);

    let before = page.eval("document.querySelector('.ticked').textContent");
    assert!(before.as_str().unwrap().starts_with("0 of "), "{before}");
    click(&mut page, "[data-task=T1]");
    let after = page.eval("document.querySelector('.ticked').textContent");
    assert!(after.as_str().unwrap().starts_with("1 of "), "{after}");
    // What is exported is what is ticked.
    page.eval("URL.createObjectURL = (blob) => { blob.text().then(t => { window.exported = t; }); return 'data:,'; }");
    page.eval("HTMLAnchorElement.prototype.click = () => {}");
    click(&mut page, "[data-export]");
    page.until("window.exported !== undefined");
    let exported = page.eval("window.exported");
    let exported = exported.as_str().unwrap();
    assert!(exported.contains("- [x] T1 ") && exported.contains("- [ ] S1 Move SESSIONS"), "{exported}");
    page.close();
}

#[test]
fn it_reads_without_javascript_and_every_link_leads_somewhere() {
    let tree = Tree::new();
    audited(&[&fixture("shop"), &fixture("chat")], tree.root(), &[]);
    let mut browser = Browser::start();
    let mut page = browser.open_without_script(&tree.path("report.html"));
    // Evaluation by the protocol works all the same.
    assert_eq!(page.eval("getComputedStyle(document.querySelector('.filters')).display"), "none");
    assert!(shown(&mut page) >= 8);
    anchored(&mut page);
    page.close();
}

/// Every link leads somewhere, and no two places have one name.
fn anchored(page: &mut Page) {
    let dangling = "[...document.querySelectorAll('a')].filter(a => !document.getElementById(a.getAttribute('href').slice(1))).length";
    assert_eq!(page.eval(dangling), 0);
    let twice = "document.querySelectorAll('[id]').length - new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size";
    assert_eq!(page.eval(twice), 0);
}

/// Landmarks, names, headings in order, and text that can be told from its ground: WCAG's 4.5 to 1.
fn accessible(page: &mut Page) {
    assert_eq!(page.eval("['header', 'main', 'footer'].filter(t => document.querySelectorAll('body > ' + t).length === 1).length"), 3);
    assert_eq!(page.eval("document.documentElement.lang"), "en");
    let nameless = "[...document.querySelectorAll('svg, nav, [role=region], [role=group], section')].filter(e => \
        !(e.getAttribute('aria-label') || document.getElementById(e.getAttribute('aria-labelledby') || '-'))).length";
    assert_eq!(page.eval(nameless), 0);
    let jumps = "(() => { let last = 0, jumps = 0; for (const h of document.querySelectorAll('h1, h2, h3, h4')) { \
        const n = +h.tagName[1]; if (n > last + 1) jumps++; last = n; } return jumps; })()";
    assert_eq!(page.eval(jumps), 0);
    let unlabelled = "[...document.querySelectorAll('input, select')].filter(e => !e.labels.length && !e.getAttribute('aria-label')).length";
    assert_eq!(page.eval(unlabelled), 0);
    let faint = r"(() => {
        const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number);
        const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
        const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
        const faint = new Set();
        for (const e of document.querySelectorAll('body *:not(svg *):not(script):not(.skip)')) {
            if (!e.offsetParent || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
            const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) faint.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
        }
        return [...faint].join('; ');
    })()";
    assert_eq!(page.eval(faint), "");
}

/// Whoever has no mouse gets past the head, to a filter and to a tick.
#[test]
fn it_can_be_used_by_keyboard() {
    let tree = Tree::new();
    audited(&[&fixture("shop")], tree.root(), &[]);
    let mut browser = Browser::start();
    let mut page = browser.open(&tree.path("report.html"), (1280, 900), false);
    page.press("Tab");
    assert_eq!(page.eval("document.activeElement.className"), "skip");
    assert_ne!(page.eval("getComputedStyle(document.activeElement).outlineStyle"), "none");
    page.press("Enter");
    page.until("location.hash === '#main'");
    let all = shown(&mut page);
    page.eval("document.querySelector('.filters button').focus()");
    page.press(" ");
    assert!(shown(&mut page) < all);
    // The next stops are the other filters, in the order in which they stand.
    page.press("Tab");
    assert_eq!(page.eval("document.activeElement.dataset.level"), "warning");
    page.eval("document.querySelector('[data-task]').focus()");
    page.press(" ");
    assert_eq!(page.eval("document.activeElement.checked"), true);
    page.close();
}

/// From a small phone to 4K, in both colour schemes.
#[test]
fn it_fits_every_width_and_both_colour_schemes() {
    let of = std::env::var_os("STATELESS_AUDIT_OF").map_or_else(|| fixture("shop"), PathBuf::from);
    let pictures = std::env::var_os("STATELESS_AUDIT_LOOK").map(PathBuf::from);
    let tree = Tree::new();
    audited(&[&of], tree.root(), &[]);
    let mut browser = Browser::start();
    for (name, window, dark) in [
        ("phone", (360, 740), false),
        ("phone-dark", (360, 740), true),
        ("desk", (1280, 900), false),
        ("dark", (1280, 900), true),
        ("4k", (3840, 2160), false),
    ] {
        let mut page = browser.open(&tree.path("report.html"), window, dark);
        fits(&mut page);
        accessible(&mut page);
        if window.0 >= 1280 {
            let below = "document.querySelector('section').getBoundingClientRect().bottom - innerHeight";
            assert!(
                page.eval(below).as_f64().unwrap() <= 0.0,
                "the verdict does not fit the first screen of {name}"
            );
        }
        let picture = page.screenshot();
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5_000, "{name}");
        if let Some(folder) = &pictures {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(format!("{name}.png")), picture).unwrap();
            for part in ["verdict", "map", "sites", "plan", "scorecard", "fine"] {
                let picture = page.screenshot_of(&format!("section[aria-labelledby=a1-{part}]"));
                fs::write(folder.join(format!("{name}-{part}.png")), picture).unwrap();
            }
        }
        page.close();
    }
    if let Some(folder) = &pictures {
        fs::copy(tree.path("report.html"), folder.join("report.html")).unwrap();
    }
}

/// On paper nothing can be scrolled, unfolded or clicked, and there is no dark ground.
#[test]
fn it_prints_whole_and_without_what_only_a_screen_can_do() {
    let of = std::env::var_os("STATELESS_AUDIT_OF").map_or_else(|| fixture("shop"), PathBuf::from);
    let tree = Tree::new();
    audited(&[&of], tree.root(), &[]);
    let mut browser = Browser::start();
    let mut page = browser.open(&tree.path("report.html"), (1280, 900), true);
    let dark = page.eval("getComputedStyle(document.body).backgroundColor");
    page.as_printed();
    assert_ne!(page.eval("getComputedStyle(document.body).backgroundColor"), dark);
    assert_eq!(page.eval("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    fits(&mut page);
    let shown = "[...document.querySelectorAll('nav, .filters, .tools, .skip, .back')].filter(e => e.offsetParent).length";
    assert_eq!(page.eval(shown), 0);
    let cut = "[...document.querySelectorAll('pre, .scroll, .map')].filter(e => e.scrollWidth > e.clientWidth + 1).length";
    assert_eq!(page.eval(cut), 0);
    let closed = "[...document.querySelectorAll('details > :not(summary)')].filter(e => e.textContent && !e.offsetHeight).length";
    assert_eq!(page.eval(closed), 0);
    let folded = "document.querySelectorAll('details:not([open])').length";
    assert_ne!(page.eval(folded), 0, "nothing to unfold");
    let pdf = page.pdf();
    assert!(pdf.starts_with(b"%PDF") && pdf.len() > 20_000, "{} bytes", pdf.len());
    if let Some(folder) = std::env::var_os("STATELESS_AUDIT_LOOK") {
        fs::write(Path::new(&folder).join("print.pdf"), pdf).unwrap();
    }
    page.close();
}

/// A service with so many sites, spread over modules, each with routes of its own.
fn large(sites: usize) -> Tree {
    const PER_MODULE: usize = 25;
    let tree = Tree::with_good();
    let (mut modules, mut routes) = (String::new(), String::new());
    for module in 0..sites.div_ceil(PER_MODULE) {
        let mut text = "use std::{collections::HashMap, sync::{LazyLock, Mutex}};\n".to_owned();
        for at in module * PER_MODULE..(module * PER_MODULE + PER_MODULE).min(sites) {
            write!(
                text,
                "static DATA_{at}: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Default::default);\n\
                 pub async fn put_{at}(body: String) {{ DATA_{at}.lock().unwrap().insert(body.clone(), body); }}\n\
                 pub async fn get_{at}() -> String {{ DATA_{at}.lock().unwrap().values().cloned().collect() }}\n"
            )
            .unwrap();
            write!(routes, "\n        .route(\"/m{module}/data/{at}\", get(m{module}::get_{at}).post(m{module}::put_{at}))").unwrap();
        }
        writeln!(modules, "mod m{module};").unwrap();
        tree.file(format!("good/src/m{module}.rs"), text);
    }
    let main = super::support::SERVICE
        .replace("static SESSIONS", &format!("{modules}static SESSIONS"))
        .replace("Router::new()", &format!("Router::new(){routes}"));
    tree.file("good/src/main.rs", main);
    tree
}

#[test]
fn five_hundred_sites_are_small_and_fast() {
    let (tree, out) = (large(499), Tree::new());
    let (html, audit) = audited(&[tree.root()], out.root(), &[]);
    assert_eq!(audit["services"][0]["sites"].as_array().unwrap().len(), 500);
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    let mut browser = Browser::start();
    let mut page = browser.open(&out.path("report.html"), (1280, 900), false);
    let busy = page.busy();
    let loaded = page.eval("performance.getEntriesByType('navigation')[0].loadEventEnd").as_f64().unwrap();
    fits(&mut page);
    anchored(&mut page);
    page.close();
    assert!(busy < 1.0, "{busy} s of a processor, loaded after {loaded} ms");
    if let Some(folder) = std::env::var_os("STATELESS_AUDIT_LOOK") {
        let line = format!(
            "500 sites: {} bytes, {:.0} ms of a processor, loaded after {loaded:.0} ms\n",
            html.len(),
            busy * 1000.0
        );
        fs::write(Path::new(&folder).join("figures.txt"), line).unwrap();
    }
}
